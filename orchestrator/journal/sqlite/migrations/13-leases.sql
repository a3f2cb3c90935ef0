-- Who ran an attempt last: who lost the lease of it is told so, even once another one has ended it.
ALTER TABLE attempts ADD COLUMN holder TEXT;
UPDATE attempts SET holder = (SELECT lease_holder FROM runs WHERE id = run_id) WHERE ended_at IS NULL;
