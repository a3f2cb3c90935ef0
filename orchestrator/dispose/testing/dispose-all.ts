// A child that carries out all that a journal says is to be disposed of: DATA_DIR as its argument.
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import { startDisposer } from '../disposer.ts';

const [, , dataDir = ''] = process.argv;
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
const disposer = await startDisposer({
  journal,
  datasets: () => new Map(),
  datasetsMatching: () => [],
  hasWriter: () => 'no',
  clock: systemClock,
  logger: silent,
  dataDir,
  minFreeBytes: 0,
});
await disposer.idle();
await disposer.stop();
await journal.close();
