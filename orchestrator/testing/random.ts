import type { TestContext } from 'node:test';

/** The SEED of the environment, to repeat a failure, else any. It is printed with the test's result. */
export function chooseSeed(t: TestContext): number {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed} makes the same choices again`);
  return seed;
}

/** Numbers from 0 up to but not 1, the same ones for the same seed: Mulberry32, of the public domain. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
