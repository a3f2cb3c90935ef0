-- Up to which change of runs each reader has told others of those that ended.
CREATE TABLE told (
  reader TEXT PRIMARY KEY,
  changed INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
