import type { DatabaseSync } from 'node:sqlite';

/** What must never be found in a journal; each query finds the rows that break its rule. */
const NEVER: Record<string, string> = {
  'two runs of a path run': `SELECT dataset, file FROM runs WHERE state = 'running' GROUP BY dataset, file HAVING count(*) > 1`,
  'two runs of a path wait': `SELECT dataset, file FROM runs WHERE state IN ('settling', 'queued') GROUP BY dataset, file HAVING count(*) > 1`,
  'two runs of a dataset have one version': `SELECT dataset, version FROM runs WHERE version IS NOT NULL GROUP BY dataset, version HAVING count(*) > 1`,
  'a version is above the dataset’s': `SELECT id FROM runs JOIN datasets ON name = dataset WHERE version > last_version`,
  'a run that doesn’t run has an open attempt': `SELECT id FROM runs JOIN attempts ON run_id = id WHERE state <> 'running' AND attempts.ended_at IS NULL`,
  'a run runs without an open attempt': `SELECT id FROM runs WHERE state = 'running' AND NOT EXISTS (
    SELECT 1 FROM attempts WHERE run_id = id AND attempts.attempt = runs.attempt AND attempts.ended_at IS NULL)`,
  'attempts are missing': `SELECT id FROM runs WHERE attempt <> (SELECT count(*) FROM attempts WHERE run_id = id)`,
  'a count is wrong': `SELECT * FROM counts WHERE runs <> (SELECT count(*) FROM runs AS r WHERE r.dataset = counts.dataset AND r.state = counts.state)`,
  'the count of runs to check is wrong': `SELECT name FROM datasets
    WHERE runs_to_check <> (SELECT count(*) FROM runs WHERE dataset = name AND to_check IS NOT NULL)`,
  'a sum of rows is wrong': `SELECT * FROM datasets WHERE rows_there <> (SELECT coalesce(sum(loaded), 0) FROM ledger WHERE dataset = name)
    OR rows_to_mend <> (SELECT coalesce(sum(rejected), 0) FROM ledger WHERE dataset = name)`,
  'a failure that stands is not to be looked after': `SELECT id FROM runs AS run WHERE state IN ('failed', 'quarantined') AND rows_mended < coalesce(rows_rejected, 1)
    AND NOT EXISTS (SELECT 1 FROM attention WHERE run_id = id)
    AND NOT EXISTS (SELECT 1 FROM runs AS later WHERE later.dataset = run.dataset AND later.file = run.file AND later.seq > run.seq AND later.state IN ('done', 'failed', 'quarantined'))`,
  'a waiting run was not ended by a newer one': `SELECT old.id FROM runs AS old JOIN runs AS newer USING (dataset, file)
    WHERE old.state IN ('settling', 'queued') AND newer.seq > old.seq AND newer.state IN ('running', 'done')`,
};

/** The rules a journal breaks, each with the first row that does. */
export function brokenInvariants(database: DatabaseSync): string[] {
  return Object.entries(NEVER).flatMap(([rule, sql]) => {
    const found = database.prepare(sql).get();
    return found === undefined ? [] : [`${rule}: ${JSON.stringify(found)}`];
  });
}
