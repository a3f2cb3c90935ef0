-- Runs that somebody has to look after: those that failed or were quarantined, and those with something to check, until a later run of the path took their
-- place. A run that waits stands here only once it was acknowledged.
CREATE TABLE attention (
  run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  dataset TEXT NOT NULL,
  file TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('failed', 'to-check', 'waiting')),
  -- When a person said to have seen it.
  acknowledged_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX attention_open ON attention (seq, dataset, kind) WHERE acknowledged_at IS NULL;
CREATE INDEX attention_path ON attention (dataset, file);

INSERT INTO attention (run_id, seq, dataset, file, kind)
  SELECT id, seq, dataset, file, iif(state = 'done', 'to-check', 'failed') FROM runs AS run
  WHERE (state IN ('failed', 'quarantined') OR to_check IS NOT NULL) AND (to_check IS NOT NULL OR rows_mended < coalesce(rows_rejected, 1)) AND NOT EXISTS (
    SELECT 1 FROM runs AS later WHERE later.dataset = run.dataset AND later.file = run.file AND later.version > run.version
      AND later.state IN ('done', 'failed', 'quarantined') AND (later.action <> 'mend' OR run.action = 'mend')
      AND (later.append_key = 0 OR later.content_hash = run.content_hash));

-- Of a key in an index: rows that are there, and those that were rejected and not mended since.
ALTER TABLE ledger ADD COLUMN loaded INTEGER NOT NULL DEFAULT 0 CHECK (loaded >= 0);
ALTER TABLE ledger ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0 CHECK (rejected >= 0);
-- The run, or the batch, by which an index that is built anew (LOAD.overwrite) came to hold it.
ALTER TABLE ledger ADD COLUMN built_by TEXT;
-- Their sums, kept by the triggers below.
ALTER TABLE datasets ADD COLUMN rows_there INTEGER NOT NULL DEFAULT 0;
ALTER TABLE datasets ADD COLUMN rows_to_mend INTEGER NOT NULL DEFAULT 0;

UPDATE ledger SET
  loaded = coalesce((
    SELECT rows_loaded + rows_mended FROM runs WHERE runs.dataset = ledger.dataset AND runs.file = ledger.path AND runs.version IS NOT NULL
      AND (runs.state = 'done' OR runs.rows_mended > 0) AND runs.action <> 'mend' AND runs.file_key = ledger.file_key AND runs.index_name = ledger.index_name
    ORDER BY runs.version DESC LIMIT 1), 0),
  rejected = coalesce((
    SELECT rows_rejected - rows_mended FROM runs WHERE runs.dataset = ledger.dataset AND runs.file = ledger.path AND runs.version IS NOT NULL
      AND (runs.state = 'done' OR runs.rows_mended > 0) AND runs.action <> 'mend' AND runs.file_key = ledger.file_key AND runs.index_name = ledger.index_name
    ORDER BY runs.version DESC LIMIT 1), 0)
WHERE rows > 0;
UPDATE datasets SET
  rows_there = (SELECT coalesce(sum(loaded), 0) FROM ledger WHERE ledger.dataset = datasets.name),
  rows_to_mend = (SELECT coalesce(sum(rejected), 0) FROM ledger WHERE ledger.dataset = datasets.name);

CREATE TRIGGER ledger_counted AFTER UPDATE OF loaded, rejected ON ledger
WHEN NEW.loaded <> OLD.loaded OR NEW.rejected <> OLD.rejected
BEGIN
  UPDATE datasets SET rows_there = rows_there + NEW.loaded - OLD.loaded, rows_to_mend = rows_to_mend + NEW.rejected - OLD.rejected
  WHERE name = NEW.dataset;
END;

-- What the target holds nothing of has nothing there.
CREATE TRIGGER ledger_emptied AFTER UPDATE OF rows ON ledger WHEN NEW.rows = 0 AND (NEW.loaded > 0 OR NEW.rejected > 0)
BEGIN
  UPDATE ledger SET loaded = 0, rejected = 0 WHERE file_key = NEW.file_key AND index_name = NEW.index_name;
END;

-- By their path: runs that never had a version, beside the others, which runs_version finds.
CREATE INDEX runs_unversioned ON runs (dataset, file) WHERE version IS NULL;
-- What waits for something: the others of a long line are not walked.
CREATE INDEX runs_reason ON runs (seq) WHERE state = 'queued' AND error IS NOT NULL;
-- By where a file was moved to.
CREATE INDEX disposals_target ON disposals (target) WHERE target IS NOT NULL;
