-- VERSION of the run of the file as it came, where this one runs it again: files have an order that no rerun changes.
DROP TRIGGER runs_final;

ALTER TABLE runs ADD COLUMN delivered INTEGER;

UPDATE runs SET delivered = (
  SELECT max(came.version) FROM runs AS came WHERE came.dataset = runs.dataset AND came.file = runs.file AND came.version < runs.version
    AND came.content_hash = runs.content_hash AND came.action IN ('add', 'change') AND came.replay_of IS NULL AND came.read_from IS NULL)
WHERE version IS NOT NULL AND action IN ('add', 'change') AND (replay_of IS NOT NULL OR read_from IS NOT NULL);

CREATE TRIGGER runs_final BEFORE UPDATE ON runs
WHEN OLD.ended_at IS NOT NULL AND NOT (
  NEW.rows_mended > OLD.rows_mended AND NEW.rows_mended <= OLD.rows_rejected
  AND NEW.state = OLD.state AND NEW.ended_at = OLD.ended_at AND NEW.error IS OLD.error
  AND NEW.rows_loaded IS OLD.rows_loaded AND NEW.rows_rejected IS OLD.rows_rejected
)
BEGIN
  SELECT RAISE(ABORT, 'a run that has ended does not change');
END;
