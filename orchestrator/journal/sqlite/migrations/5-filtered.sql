-- Rows that steps took out.
ALTER TABLE datasets ADD COLUMN rows_filtered INTEGER NOT NULL DEFAULT 0;
UPDATE datasets SET rows_filtered = (
  SELECT coalesce(sum(rows_filtered), 0) FROM runs WHERE runs.dataset = datasets.name AND runs.state = 'done');

-- Of a quarantined run that says what it rejected, these rows can be mended: they count as rejected before they count as mended.
UPDATE datasets SET rows_rejected = rows_rejected + (
  SELECT coalesce(sum(rows_rejected), 0) FROM runs
  WHERE runs.dataset = datasets.name AND runs.state = 'quarantined' AND runs.action <> 'mend');

DROP TRIGGER runs_finished;
CREATE TRIGGER runs_finished AFTER UPDATE OF state ON runs WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL BEGIN
  UPDATE datasets SET
    last_ended_at = NEW.ended_at,
    rows_loaded = rows_loaded + iif(NEW.state = 'done', NEW.rows_loaded, 0),
    rows_filtered = rows_filtered + iif(NEW.state = 'done', NEW.rows_filtered, 0),
    rows_rejected = rows_rejected
      + iif(NEW.state IN ('done', 'quarantined') AND NEW.action <> 'mend', coalesce(NEW.rows_rejected, 0), 0)
  WHERE name = NEW.dataset;
END;
