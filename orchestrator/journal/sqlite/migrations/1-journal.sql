-- Times are milliseconds since 1970-01-01 UTC. Each transaction that changes runs takes the next `feed` number, so that
-- another process can ask for what changed since.
CREATE TABLE feed (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  last INTEGER NOT NULL
) STRICT;
INSERT INTO feed VALUES (1, 0);

CREATE TABLE datasets (
  name TEXT PRIMARY KEY,
  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  first_watched_at INTEGER,
  -- The highest VERSION given out (rule 4).
  last_version INTEGER NOT NULL DEFAULT 0,
  rows_loaded INTEGER NOT NULL DEFAULT 0,
  rows_rejected INTEGER NOT NULL DEFAULT 0,
  last_ended_at INTEGER
) STRICT, WITHOUT ROWID;

-- How many runs of a dataset are in a state: kept by the triggers below, because counting a million takes 100 ms.
CREATE TABLE counts (
  dataset TEXT NOT NULL REFERENCES datasets (name),
  state TEXT NOT NULL,
  runs INTEGER NOT NULL CHECK (runs >= 0),
  PRIMARY KEY (dataset, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  -- Order of creation: the order of arrival, and the cursor of a page.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  dataset TEXT NOT NULL REFERENCES datasets (name),
  file TEXT NOT NULL CHECK (file <> ''),
  -- In lower case, for searching.
  file_folded TEXT NOT NULL,
  root TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('settling', 'queued', 'running', 'done', 'failed', 'quarantined', 'cancelled', 'skipped')),
  action TEXT NOT NULL CHECK (action IN ('add', 'change', 'delete', 'mend')),
  priority INTEGER NOT NULL,
  version INTEGER CHECK (version > 0),
  size_bytes INTEGER CHECK (size_bytes >= 0),
  mtime_ns INTEGER,
  -- An unsigned 64-bit number, which INTEGER can't hold.
  inode TEXT,
  content_hash TEXT,
  file_key TEXT,
  index_name TEXT,
  -- Whether file_key is of the content too (ON_CHANGE: append).
  append_key INTEGER NOT NULL DEFAULT 0 CHECK (append_key IN (0, 1)),
  attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  retries_used INTEGER NOT NULL DEFAULT 0 CHECK (retries_used BETWEEN 0 AND attempt),
  waits INTEGER NOT NULL DEFAULT 0 CHECK (waits >= 0),
  seen_at INTEGER NOT NULL,
  queued_at INTEGER,
  due_at INTEGER,
  -- Of a queued run, whether it has become due: a line of those that have is walked without meeting those that have not.
  ready INTEGER CHECK (ready IN (0, 1)),
  started_at INTEGER,
  ended_at INTEGER,
  rows_read INTEGER CHECK (rows_read >= 0),
  rows_loaded INTEGER CHECK (rows_loaded >= 0),
  rows_rejected INTEGER CHECK (rows_rejected >= 0),
  rows_filtered INTEGER CHECK (rows_filtered >= 0),
  rows_deleted INTEGER CHECK (rows_deleted >= 0),
  progress_rows INTEGER,
  progress_bytes INTEGER,
  progress_total_bytes INTEGER,
  error TEXT,
  runner TEXT,
  handle TEXT,
  batch TEXT,
  replay_of TEXT,
  cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
  mend_file TEXT,
  lease_holder TEXT,
  lease_until INTEGER,
  changed INTEGER NOT NULL,

  CONSTRAINT settling_has_no_version CHECK (state <> 'settling' OR (version IS NULL AND attempt = 0)),
  CONSTRAINT waiting_and_running_have_a_version CHECK (
    state NOT IN ('queued', 'running', 'done', 'failed', 'quarantined')
    OR (version IS NOT NULL AND queued_at IS NOT NULL AND content_hash IS NOT NULL)
  ),
  CONSTRAINT a_version_is_whole CHECK ((size_bytes IS NULL) = (mtime_ns IS NULL) AND (size_bytes IS NULL) = (inode IS NULL)),
  CONSTRAINT a_version_has_its_file CHECK (version IS NULL OR (size_bytes IS NULL) = (action = 'delete')),
  CONSTRAINT queued_is_due CHECK ((state = 'queued') = (due_at IS NOT NULL) AND (due_at IS NULL) = (ready IS NULL)),
  CONSTRAINT running_is_leased CHECK (
    (state = 'running') = (lease_holder IS NOT NULL)
    AND (lease_holder IS NULL) = (lease_until IS NULL)
    AND (state <> 'running' OR (attempt > 0 AND started_at IS NOT NULL))
  ),
  CONSTRAINT only_running_is_stopped CHECK (cancel_requested = 0 OR state = 'running'),
  CONSTRAINT only_running_progresses CHECK (progress_rows IS NULL OR state = 'running'),
  CONSTRAINT final_has_ended CHECK (
    (state IN ('done', 'failed', 'quarantined', 'cancelled', 'skipped')) = (ended_at IS NOT NULL)
  ),
  CONSTRAINT an_end_has_its_reason CHECK (state NOT IN ('failed', 'quarantined', 'cancelled', 'skipped') OR error IS NOT NULL),
  -- Rule 7.
  CONSTRAINT done_is_accounted CHECK (
    state <> 'done'
    -- rule 7: the journal refuses anything else as done
    OR coalesce(rows_deleted IS NOT NULL AND rows_read = rows_loaded + rows_rejected + rows_filtered, 0)
  ),
  CONSTRAINT a_mend_has_its_records CHECK ((action = 'mend') = (mend_file IS NOT NULL))
) STRICT;

-- Rule 2: per dataset and path one that runs, and one that is to run.
-- rule 2: one running run a path
CREATE UNIQUE INDEX runs_running ON runs (dataset, file) WHERE state = 'running';
-- rule 2: one settling or queued run a path
CREATE UNIQUE INDEX runs_waiting ON runs (dataset, file) WHERE state IN ('settling', 'queued');
CREATE INDEX runs_version ON runs (dataset, file, version) WHERE version IS NOT NULL;
-- The line of a dataset, in each ORDER.
CREATE INDEX runs_line_arrival ON runs (dataset, ready, priority DESC, seq) WHERE state = 'queued';
CREATE INDEX runs_line_name ON runs (dataset, ready, priority DESC, file) WHERE state = 'queued';
CREATE INDEX runs_line_mtime ON runs (dataset, ready, priority DESC, mtime_ns, seq) WHERE state = 'queued';
CREATE INDEX runs_due ON runs (due_at) WHERE state = 'queued' AND ready = 0;
CREATE INDEX runs_state ON runs (dataset, state);
CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX runs_changed ON runs (changed);

CREATE TRIGGER runs_inserted AFTER INSERT ON runs BEGIN
  INSERT INTO counts VALUES (NEW.dataset, NEW.state, 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER runs_deleted AFTER DELETE ON runs BEGIN
  UPDATE counts SET runs = runs - 1 WHERE dataset = OLD.dataset AND state = OLD.state;
END;

CREATE TRIGGER runs_moved AFTER UPDATE OF state ON runs WHEN NEW.state <> OLD.state BEGIN
  UPDATE counts SET runs = runs - 1 WHERE dataset = OLD.dataset AND state = OLD.state;
  INSERT INTO counts VALUES (NEW.dataset, NEW.state, 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER runs_finished AFTER UPDATE OF state ON runs WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL BEGIN
  UPDATE datasets SET
    last_ended_at = NEW.ended_at,
    rows_loaded = rows_loaded + iif(NEW.state = 'done', NEW.rows_loaded, 0),
    rows_rejected = rows_rejected + iif(NEW.state = 'done', NEW.rows_rejected, 0)
  WHERE name = NEW.dataset;
END;

CREATE TRIGGER runs_state_machine BEFORE UPDATE OF state ON runs
WHEN NEW.state <> OLD.state AND NOT CASE OLD.state
  WHEN 'settling' THEN NEW.state IN ('queued', 'cancelled', 'skipped')
  WHEN 'queued' THEN NEW.state IN ('running', 'cancelled', 'skipped')
  WHEN 'running' THEN NEW.state IN ('queued', 'done', 'failed', 'quarantined', 'cancelled', 'skipped')
  ELSE FALSE
END
BEGIN
  SELECT RAISE(ABORT, 'a run can not go from this state to that one');
END;

CREATE TRIGGER runs_final BEFORE UPDATE ON runs WHEN OLD.ended_at IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'a run that has ended does not change');
END;

CREATE TRIGGER runs_identity BEFORE UPDATE OF id, dataset, file, root ON runs
BEGIN
  SELECT RAISE(ABORT, 'a run keeps its id, dataset and file');
END;

-- Rule 4: versions only grow.
CREATE TRIGGER runs_version_grows BEFORE UPDATE OF version ON runs
WHEN OLD.version IS NOT NULL AND (NEW.version IS NULL OR NEW.version < OLD.version)
BEGIN
  SELECT RAISE(ABORT, 'the version of a run does not fall');
END;

CREATE TRIGGER datasets_version_grows BEFORE UPDATE OF last_version ON datasets WHEN NEW.last_version < OLD.last_version
BEGIN
  SELECT RAISE(ABORT, 'the version of a dataset does not fall');
END;

CREATE TABLE attempts (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  attempt INTEGER NOT NULL CHECK (attempt > 0),
  runner TEXT,
  handle TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  exit_code INTEGER,
  outcome TEXT,
  error TEXT,
  PRIMARY KEY (run_id, attempt),
  CONSTRAINT ended_has_an_outcome CHECK (ended_at IS NULL OR outcome IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- No attempt starts before its predecessor has ended (rule 2).
-- rule 2: one attempt at a time
CREATE UNIQUE INDEX attempts_open ON attempts (run_id) WHERE ended_at IS NULL;

-- Paths as the watcher last saw them.
CREATE TABLE files (
  dataset TEXT NOT NULL REFERENCES datasets (name),
  path TEXT NOT NULL,
  root TEXT NOT NULL,
  -- root and path: the same file may be known to several datasets.
  absolute TEXT NOT NULL,
  present INTEGER NOT NULL CHECK (present IN (0, 1)),
  -- Whether the next version is an arrival: none was queued since the path was last absent.
  arriving INTEGER NOT NULL CHECK (arriving IN (0, 1)),
  size_bytes INTEGER,
  mtime_ns INTEGER,
  inode TEXT,
  PRIMARY KEY (dataset, path),
  CONSTRAINT absent_arrives CHECK (present = 1 OR arriving = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_absolute ON files (absolute);

-- What the target may hold: rows is the highest row number that may have been sent (rules 3 and 5).
CREATE TABLE ledger (
  file_key TEXT NOT NULL,
  index_name TEXT NOT NULL,
  dataset TEXT NOT NULL REFERENCES datasets (name),
  path TEXT NOT NULL,
  rows INTEGER NOT NULL DEFAULT 0 CHECK (rows >= 0),
  first_seen_at INTEGER NOT NULL,
  -- Rows of an `append` key whose file was disposed of: they stay.
  kept INTEGER NOT NULL DEFAULT 0 CHECK (kept IN (0, 1)),
  PRIMARY KEY (file_key, index_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_path ON ledger (dataset, path);

CREATE TRIGGER ledger_first_seen BEFORE UPDATE OF first_seen_at ON ledger
BEGIN
  SELECT RAISE(ABORT, 'when a key was first seen does not change');
END;

-- Rule 8: what is about to be moved or removed.
CREATE TABLE disposals (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('backup', 'remove', 'quarantine')),
  source TEXT NOT NULL,
  hidden TEXT NOT NULL,
  target TEXT,
  size_bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  inode TEXT NOT NULL,
  marker TEXT,
  state TEXT NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'disposed', 'put-back', 'abandoned')),
  error TEXT,
  CONSTRAINT a_move_has_its_target CHECK ((kind = 'remove') = (target IS NULL))
) STRICT;
CREATE UNIQUE INDEX disposals_intended ON disposals (run_id) WHERE state = 'intended';
CREATE INDEX disposals_source ON disposals (source) WHERE state = 'intended';
CREATE INDEX disposals_run ON disposals (run_id);

CREATE TRIGGER disposals_final BEFORE UPDATE ON disposals WHEN OLD.state <> 'intended'
BEGIN
  SELECT RAISE(ABORT, 'a disposal that was closed does not change');
END;
