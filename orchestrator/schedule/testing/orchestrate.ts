// A child that schedules the runs of a journal by real processes, to be killed: DATA_DIR and WATCH_DIR as its arguments.
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import { ProcessRunner } from '../../run/process/process-runner.ts';
import { createRunUids } from '../../run/uids.ts';
import { startScheduler } from '../scheduler.ts';
import { NO_CONNECTIONS, NO_REFRESHES } from './bench.ts';
import { datasetOf } from '../../config/testing/dataset.ts';

const [, , dataDir = '', watchDir = ''] = process.argv;
const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };
const command = join(import.meta.dirname, 'exclusive.sh');
const dataset = { ...datasetOf('sales', watchDir, { RETRIES: 0, COMMAND: command }), command: [command] };
const runner = new ProcessRunner({
  mask: text => text,
  logger,
  clock: systemClock,
  dataDir,
  projectDir: watchDir,
  defaultEtl: [],
  environment: { PATH: process.env['PATH'] },
});
const journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
const holder = String(process.pid);
await journal.endOtherLeases(holder);
await startScheduler({
  journal,
  runners: { for: async () => ({ runner, reason: 'COMMAND' }), of: () => runner, all: () => [runner] },
  datasets: () => new Map([['sales', dataset]]),
  holder,
  connections: NO_CONNECTIONS,
  refreshes: NO_REFRESHES,
  uids: createRunUids({ range: { from: 61_200, to: 61_455 }, reserve: 4 }),
  environment: { dataDir, elasticsearch: null, concurrency: 4, minFreeBytes: 0 },
  disposer: { intend: async () => undefined, ended: () => undefined, released: async () => undefined },
  clock: systemClock,
  logger,
});
// The scheduler keeps nothing alive by itself.
setInterval(() => undefined, 1000);
process.stdout.write('ready\n');
