-- Absolute: where a run's file lies, where it is not at its path: in the backup.
ALTER TABLE runs ADD COLUMN read_from TEXT;

-- Of the rows of a key: the content of the file that they are of, and where that file was moved to. They outlive the runs, which are pruned.
ALTER TABLE ledger ADD COLUMN content_hash TEXT;
ALTER TABLE ledger ADD COLUMN stored TEXT;
UPDATE ledger SET
  content_hash = (
    SELECT content_hash FROM runs WHERE runs.dataset = ledger.dataset AND runs.file = ledger.path AND runs.version IS NOT NULL
      AND runs.state = 'done' AND runs.action <> 'mend' AND runs.file_key = ledger.file_key AND runs.index_name = ledger.index_name
    ORDER BY runs.version DESC LIMIT 1),
  stored = (
    SELECT target FROM runs JOIN disposals ON disposals.run_id = runs.id
    WHERE runs.dataset = ledger.dataset AND runs.file = ledger.path AND runs.version IS NOT NULL AND runs.file_key = ledger.file_key
      AND runs.index_name = ledger.index_name AND disposals.state = 'disposed' AND disposals.kind = 'backup'
    ORDER BY runs.version DESC LIMIT 1)
WHERE rows > 0;
UPDATE ledger SET kept = 1 WHERE stored IS NOT NULL AND EXISTS (
  SELECT 1 FROM files WHERE files.dataset = ledger.dataset AND files.path = ledger.path AND present = 0);
