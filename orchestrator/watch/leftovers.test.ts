import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../clock.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { dropLeftovers } from './leftovers.ts';
import { nameRules } from './names.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

test('a file that is queued while leftovers are looked through is none, and keeps no other one', async () => {
  await using folder = await WatchedFolder.make();
  const { journal, root } = folder;
  const [arrives] = [await settle('arrives.csv'), await settle('is-gone.csv')];
  const dataset = datasetOf('sales', root);
  const fileVersion = { sizeBytes: 1, token: '1.1' };
  await dropLeftovers({
    dataset,
    journal: {
      runs: async filter => {
        const page = await journal.runs(filter);
        await journal.queue({ runId: arrives.id, fileVersion, contentHash: 'x', now: 1 });
        return page;
      },
      unsettle: (...gone) => journal.unsettle(...gone),
    },
    clock: systemClock,
    rules: nameRules(dataset, () => []),
    isSettling: () => false,
    signal: AbortSignal.timeout(5000),
  });
  const { items } = await journal.runs({ dataset: 'sales', limit: 10 });
  assert.deepEqual(Object.fromEntries(items.map(({ file, state }) => [file, state])), {
    'arrives.csv': 'queued',
    'is-gone.csv': 'cancelled',
  });

  function settle(file: string): ReturnType<typeof journal.settle> {
    return journal.settle({ dataset: 'sales', file, root, priority: 0, now: 1 });
  }
});
