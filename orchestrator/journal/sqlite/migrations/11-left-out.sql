-- Values that are in the documents and not in their fields, so that no search finds them.
ALTER TABLE runs ADD COLUMN values_left_out INTEGER NOT NULL DEFAULT 0 CHECK (values_left_out >= 0);
ALTER TABLE datasets ADD COLUMN values_left_out INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER runs_left_out AFTER UPDATE OF state ON runs WHEN NEW.values_left_out > 0 AND NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL BEGIN
  UPDATE datasets SET values_left_out = values_left_out + NEW.values_left_out WHERE name = NEW.dataset;
END;
