import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROWS, ScriptedRunner, SUCCESS, setUp } from './testing/bench.ts';
import { datasetOf } from '../config/testing/dataset.ts';

test('rule 8: what will become of a file is written down before the end of its run is, and carried out after', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const seen: string[] = [];
  const { promise: carriedOut, resolve } = Promise.withResolvers<void>();
  const disposer = {
    intend: async ({ id }: { id: string }) => void seen.push(`intended while ${(await bench.journal.run(id))?.state}`),
    ended({ state }: { state: string }) {
      seen.push(`carried out when ${state}`);
      resolve();
    },
  };
  const outcome = { ...SUCCESS, results: [{ type: 'result' as const, ...ROWS }] };
  await bench.schedule(new ScriptedRunner(async () => outcome), [dataset], { disposer });
  await bench.arrive(dataset, 'a.csv');
  await carriedOut;
  assert.deepEqual(seen, ['intended while running', 'carried out when done']);
});
