// Watches a folder in a process of its own, which a test can put under other limits, users and mounts than its own.
// Arguments: WATCH_DIR, path of the journal, settings as JSON, `refuse` where inotify is to refuse every watch. Each
// line on stdin is run by sh; each status that differs from the one before is printed as a line of JSON.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createInterface } from 'node:readline';
import { systemClock } from '../../clock.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import type { Logger } from '../../log.ts';
import { datasetOf } from '../../config/testing/dataset.ts';

const [watchDir = '', path = '', settings = '{}', refuse] = process.argv.slice(2);
if (refuse === 'refuse') {
  fs.watch = () => {
    throw Object.assign(new Error('System limit for number of file watchers reached'), { code: 'ENOSPC' });
  };
  syncBuiltinESMExports();
}
const { watchDataset } = await import('../watch-dataset.ts');
const quiet = () => {};
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };
const watch = await watchDataset({
  dataset: datasetOf('sales', watchDir, JSON.parse(settings)),
  journal: openSqliteJournal({ path, clock: systemClock }),
  logger,
  clock: systemClock,
  kept: () => [],
  listIntervalMs: 50,
});
let last = '';
setInterval(() => {
  const { mode, error, tooManyWatches, lastListingAt } = watch.status();
  const line = JSON.stringify({ mode, error, tooManyWatches, lastListingAt });
  if (line !== last) process.stdout.write(`${line}\n`);
  last = line;
}, 10);
createInterface(process.stdin)
  .on('line', line => void execFileSync('sh', ['-c', line], { cwd: watchDir, stdio: ['ignore', 'ignore', 'inherit'] }))
  .on('close', () => process.exit());
