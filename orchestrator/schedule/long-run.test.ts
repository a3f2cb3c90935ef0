import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobFile } from '../run/job.ts';
import type { ScheduleContext } from './context.ts';
import { LongRun } from './long-run.ts';

/** A run of a file of this size, whose minutes pass when they are told to. */
function longRun(sizeBytes: number, names = ['a.csv']) {
  const lines: string[] = [];
  let due: (() => void) | undefined;
  const clock = {
    after(_ms: number, callback: () => void) {
      due = callback;
      return () => (due = undefined);
    },
  };
  const logger = { info: (text: string) => void lines.push(text) };
  const files = names.map(file => ({ run: { id: 'r', dataset: 'sales', file, fileVersion: { sizeBytes } } }));
  const run = new LongRun({ clock, logger } as unknown as ScheduleContext, () => files as unknown as JobFile[]);
  return { run, lines, minute: () => due?.() };
}

test('a large file is told when it begins, and every minute how far it is', () => {
  const { run, lines, minute } = longRun(1_300_000_000);
  run.begin();
  minute();
  run.hear({ type: 'progress', rows: 1_200_000, bytes: 350, total_bytes: 1000 });
  minute();
  run.end();
  minute();
  assert.deepEqual(lines, [
    'a.csv: begins, 1.2 GB',
    'a.csv: 1 min so far',
    'a.csv: 2 min so far, 1,200,000 rows, 35 % read',
  ]);
});

test('of a small file nothing is said unless it takes a minute', () => {
  const { run, lines, minute } = longRun(1000, ['a.csv', 'b.csv']);
  run.begin();
  assert.deepEqual(lines, []);
  minute();
  assert.deepEqual(lines, ['a.csv and 1 more: 1 min so far']);
  run.end();
});
