-- When a dataset was first watched, until every file that was there then is known (EXISTING: ignore); then null.
ALTER TABLE datasets ADD COLUMN existing_at INTEGER;
