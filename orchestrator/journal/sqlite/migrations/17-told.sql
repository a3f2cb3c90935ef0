-- Up to which change of runs each reader has told others of those that ended.
CREATE TABLE told (
  reader TEXT PRIMARY KEY,
  changed INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Of a run of which rows were mended since: the change with which it ended, so that it keeps its place among those that ended.
ALTER TABLE runs ADD COLUMN end_change INTEGER;
CREATE INDEX runs_end_change ON runs (end_change) WHERE end_change IS NOT NULL;
