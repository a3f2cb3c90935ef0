// Works on the journal named by the argument without end, and prints each run that is done once the journal has said so.
// It is killed while it writes.
import { systemClock } from '../../../clock.ts';
import { ownHolderId } from '../../holder.ts';
import { openSqliteJournal } from '../sqlite-journal.ts';

const journal = openSqliteJournal({ path: process.argv[2] ?? '', clock: systemClock });
const dataset = 'sales';

async function arrive(n: number): Promise<void> {
  const now = Date.now();
  const run = await journal.settle({ dataset, file: `f${n % 40}`, root: '/in', priority: 0, now });
  const fileVersion = { sizeBytes: n, token: `${now}000000.${n}` };
  await journal.queue({ runId: run.id, fileVersion, contentHash: `${process.pid}-${n}`, now });
}

async function work(): Promise<void> {
  const now = Date.now();
  const slots = [{ dataset, free: 4, strict: false, order: 'arrival' as const, perFolder: false }];
  const batches = await journal.claim({ holder: ownHolderId(), leaseMs: 1000, now, slots, limit: 4 });
  for (const run of batches.flat()) {
    await journal.ledger(run, {
      fileKey: `key-${run.file}`,
      append: false,
      rebuilds: false,
      indexFor: () => 'sales',
    });
    await journal.reserve(run, 100);
    const rows = { read: 10, loaded: 10, rejected: 0, filtered: 0, deleted: 0 };
    await journal.finish(run, { to: 'done', rows, error: null }, now);
    process.stdout.write(`${run.id}\n`);
  }
}

for (let n = 0; ; n += 8) {
  await Promise.all(Array.from({ length: 8 }, (_, k) => arrive(n + k)));
  await work();
}
