-- Of a run that is done: beside the rows of how many former files of its path its own stand (ON_CHANGE: append).
ALTER TABLE runs ADD COLUMN beside INTEGER NOT NULL DEFAULT 0 CHECK (beside >= 0);

-- LOAD.id by which the rows of a key were loaded, as JSON; '' where none was; null where that is not known.
ALTER TABLE ledger ADD COLUMN ids TEXT;
-- Of those rows, as the program that loaded them said: hashes that tell how many of them another file has.
ALTER TABLE ledger ADD COLUMN sketch BLOB;
CREATE INDEX ledger_sketched ON ledger (first_seen_at) WHERE sketch IS NOT NULL;

-- How a dataset's rows are loaded, as JSON; and what is to be said of rows that were loaded otherwise.
ALTER TABLE datasets ADD COLUMN loads TEXT;
ALTER TABLE datasets ADD COLUMN loads_notice TEXT;
