-- How the run's file is read, as JSON: what the program that loads it said it had decided.
ALTER TABLE runs ADD COLUMN decisions TEXT;

-- Of a run's rejected rows, those that mends loaded since: the one thing that changes after its end.
ALTER TABLE runs ADD COLUMN rows_mended INTEGER NOT NULL DEFAULT 0 CHECK (rows_mended >= 0);
ALTER TABLE datasets ADD COLUMN rows_mended INTEGER NOT NULL DEFAULT 0;

CREATE INDEX runs_mends ON runs (replay_of) WHERE action = 'mend';

DROP TRIGGER runs_final;
CREATE TRIGGER runs_final BEFORE UPDATE ON runs
WHEN OLD.ended_at IS NOT NULL AND NOT (
  NEW.rows_mended > OLD.rows_mended AND NEW.rows_mended <= OLD.rows_rejected
  AND NEW.state = OLD.state AND NEW.ended_at = OLD.ended_at AND NEW.error IS OLD.error
  AND NEW.rows_loaded IS OLD.rows_loaded AND NEW.rows_rejected IS OLD.rows_rejected
)
BEGIN
  SELECT RAISE(ABORT, 'a run that has ended does not change');
END;

-- What a mend could not load was rejected, and counted, before.
DROP TRIGGER runs_finished;
CREATE TRIGGER runs_finished AFTER UPDATE OF state ON runs WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL BEGIN
  UPDATE datasets SET
    last_ended_at = NEW.ended_at,
    rows_loaded = rows_loaded + iif(NEW.state = 'done', NEW.rows_loaded, 0),
    rows_rejected = rows_rejected + iif(NEW.state = 'done' AND NEW.action <> 'mend', NEW.rows_rejected, 0)
  WHERE name = NEW.dataset;
END;
