-- What makes a version differ from another is one text that the journal does not look into (files/version.ts): of a local file its mtime in nanoseconds, a point,
-- and its inode. `runs` keeps the mtime for ORDER: mtime. A time after 2262 is there as the negative number of the same 64 bits: it is 2^64 more, which is written by its digits.
DROP TRIGGER runs_final;
DROP TRIGGER doubts_end;

ALTER TABLE runs RENAME COLUMN inode TO token;
UPDATE runs SET token = iif(mtime_ns >= -2147483648000000000, mtime_ns,
  printf('%d%09d', ((mtime_ns & 9223372036854775807) + 854775808) / 1000000000 + 9223372036, ((mtime_ns & 9223372036854775807) + 854775808) % 1000000000)) || '.' || token WHERE token IS NOT NULL;
ALTER TABLE files RENAME COLUMN inode TO token;
UPDATE files SET token = iif(mtime_ns >= -2147483648000000000, mtime_ns,
  printf('%d%09d', ((mtime_ns & 9223372036854775807) + 854775808) / 1000000000 + 9223372036, ((mtime_ns & 9223372036854775807) + 854775808) % 1000000000)) || '.' || token WHERE token IS NOT NULL;
ALTER TABLE files DROP COLUMN mtime_ns;
DROP TRIGGER disposals_final;
ALTER TABLE disposals RENAME COLUMN inode TO token;
UPDATE disposals SET token = iif(mtime_ns >= -2147483648000000000, mtime_ns,
  printf('%d%09d', ((mtime_ns & 9223372036854775807) + 854775808) / 1000000000 + 9223372036, ((mtime_ns & 9223372036854775807) + 854775808) % 1000000000)) || '.' || token;
ALTER TABLE disposals DROP COLUMN mtime_ns;

CREATE TRIGGER runs_final BEFORE UPDATE ON runs
WHEN OLD.ended_at IS NOT NULL AND NOT (
  NEW.rows_mended > OLD.rows_mended AND NEW.rows_mended <= OLD.rows_rejected
  AND NEW.state = OLD.state AND NEW.ended_at = OLD.ended_at AND NEW.error IS OLD.error
  AND NEW.rows_loaded IS OLD.rows_loaded AND NEW.rows_rejected IS OLD.rows_rejected
)
BEGIN
  SELECT RAISE(ABORT, 'a run that has ended does not change');
END;

CREATE TRIGGER disposals_final BEFORE UPDATE ON disposals WHEN OLD.state <> 'intended'
BEGIN
  SELECT RAISE(ABORT, 'a disposal that was closed does not change');
END;

CREATE TRIGGER doubts_end AFTER UPDATE OF present, size_bytes, token ON files
WHEN NEW.present = 0 OR NEW.size_bytes IS NOT OLD.size_bytes OR NEW.token IS NOT OLD.token
BEGIN
  DELETE FROM doubts WHERE dataset = NEW.dataset AND path = NEW.path;
END;
