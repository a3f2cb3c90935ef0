import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createYielder } from './yielder.ts';

test('of many long loops one at a time goes on, and all else has its turn in between', async () => {
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns += 1) await setImmediate();
  })();
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      const breathe = createYielder();
      for (let step = 0; step < 3; step += 1) {
        const end = performance.now() + 11;
        while (performance.now() < end);
        await breathe();
      }
    }),
  );
  isOver = true;
  await others;
  assert.ok(turns >= 20, `${turns} turns`);
});
