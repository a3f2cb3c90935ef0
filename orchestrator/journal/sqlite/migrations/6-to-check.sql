-- What people should look at though every row is accounted for, as a JSON list of sentences; null where there is nothing.
ALTER TABLE runs ADD COLUMN to_check TEXT CHECK (to_check IS NULL OR state = 'done');
CREATE INDEX runs_to_check ON runs (dataset, seq) WHERE to_check IS NOT NULL;

-- How many of a dataset's runs say something: kept by the triggers below, as `counts` is.
ALTER TABLE datasets ADD COLUMN runs_to_check INTEGER NOT NULL DEFAULT 0 CHECK (runs_to_check >= 0);

CREATE TRIGGER runs_doubted AFTER UPDATE OF state ON runs WHEN NEW.to_check IS NOT NULL AND OLD.ended_at IS NULL BEGIN
  UPDATE datasets SET runs_to_check = runs_to_check + 1 WHERE name = NEW.dataset;
END;

CREATE TRIGGER runs_doubt_deleted AFTER DELETE ON runs WHEN OLD.to_check IS NOT NULL BEGIN
  UPDATE datasets SET runs_to_check = runs_to_check - 1 WHERE name = OLD.dataset;
END;
