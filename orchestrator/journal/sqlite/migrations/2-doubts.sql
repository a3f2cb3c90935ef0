-- Rule 9: what WATCH_DIR was when it was last listed, as JSON: its device and inode, and the device of what is mounted below it.
ALTER TABLE datasets ADD COLUMN place TEXT;

-- Files whose folder was replaced, unmounted or mounted over since they were last seen: that they are missing is no deletion.
CREATE TABLE doubts (
  dataset TEXT NOT NULL REFERENCES datasets (name),
  path TEXT NOT NULL,
  -- Which folder it was, relative to WATCH_DIR; '' is WATCH_DIR itself.
  folder TEXT NOT NULL,
  PRIMARY KEY (dataset, path)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER doubts_end AFTER UPDATE OF present, size_bytes, mtime_ns, inode ON files
WHEN NEW.present = 0 OR NEW.size_bytes IS NOT OLD.size_bytes OR NEW.mtime_ns IS NOT OLD.mtime_ns OR NEW.inode IS NOT OLD.inode
BEGIN
  DELETE FROM doubts WHERE dataset = NEW.dataset AND path = NEW.path;
END;
