import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { askEtl } from './ask.ts';

test('an ETL that loops for ever, and hears no signal, is ended all the same', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'ask-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'step.ts');
  await writeFile(path, 'for (;;);\n');
  const answer = askEtl({ args: ['--check-module', path], environment: {}, signal: AbortSignal.timeout(500) });
  await assert.rejects(answer.next(), /stopped before its answer/);
});
