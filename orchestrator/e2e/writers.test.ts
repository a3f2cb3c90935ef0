import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  folder = await makeFolder({
    slow: 'WATCH_DIR: {folder}/in\nRUNNER: process\nLOAD: {index: e2e-slow-writer}\n',
  });
  await mkdir(join(folder, 'in'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await openIndex('e2e-slow-writer').drop();
  await removeFolder(folder);
});

test('rule 1: a slow writer that holds the file open makes one run, with every row', async () => {
  const path = join(folder, 'in', 'slow.csv');
  const program = `
    const { openSync, writeSync, closeSync } = require('node:fs');
    const fd = openSync(process.argv[1], 'w');
    writeSync(fd, 'n\\n');
    let n = 0;
    const timer = setInterval(() => {
      writeSync(fd, ++n + '\\n');
      if (n === 20) { clearInterval(timer); closeSync(fd); }
    }, Number(process.argv[2]));`;
  const pauseMs = process.env.SLOW_WRITER_PAUSE_MS ?? '300';
  const writer = spawn(process.execPath, ['-e', program, path, pauseMs]);
  await once(writer, 'exit');
  const runs = await orchestrator.waitForRuns('dataset=slow', all => all[0]?.endedAt != null);
  assert.deepEqual(
    runs.map(run => [run.state, run.rowsLoaded]),
    [['done', 20]],
  );
  assert.equal(await openIndex('e2e-slow-writer').count(), 20);
});

test('rule 6: after a file changed while its run was going, the index equals the last version', async () => {
  const path = join(folder, 'in', 'changing.csv');
  const rows = (count: number, text: string) =>
    `n,text\n${Array.from({ length: count }, (_, n) => `${n},${text}`).join('\n')}\n`;
  await writeFile(path, rows(400_000, 'old'));
  await orchestrator.waitForRuns('file=changing', all => all[0]?.state === 'running');
  await writeFile(path, rows(1000, 'new'));
  await orchestrator.waitForRuns(
    'file=changing',
    all => all.length >= 2 && all.every(run => run.endedAt !== null),
    120_000,
  );
  const texts = new Map<unknown, number>();
  for await (const { source } of openIndex('e2e-slow-writer').documents())
    if ('TEXT' in source) texts.set(source.TEXT, (texts.get(source.TEXT) ?? 0) + 1);
  assert.deepEqual([...texts], [['new', 1000]]);
});
