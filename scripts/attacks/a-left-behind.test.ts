// Tries, as the program of a run, to have root's file read, served or moved by what it leaves in WORK_DIR, and to stop
// the service with a FIFO: A1 and A6; and to be believed what can't be: B.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';

const SECRET = '{"row":1,"line":1,"reason":"secret","raw":"secret"}\n';
const RESULT = '{"type":"result","rows_read":1,"rows_loaded":1,"rows_rejected":0,"rows_filtered":0,"rows_deleted":0}';
const PROGRAMS = {
  links: 'for name in rejects.ndjson rejects.json out.parquet; do ln -s "$VICTIM" "$WORK_DIR/$name"; done',
  fifos: 'for name in reserve rejects.ndjson out.parquet progress; do mkfifo "$WORK_DIR/$name"; done',
  liar: `echo '${RESULT.replaceAll(':1', ':1000000000000000')}'; exit 0`,
  honest: 'true',
};

let folder: string;
let service: TestOrchestrator;
before(async () => {
  const yaml = (name: string) => `WATCH_DIR: '{folder}/in/${name}'
COMMAND: '{folder}/${name}.sh'
RETRIES: 0
QUARANTINE_DIR: null
LOAD: { target: lake }
`;
  folder = await makeFolder(Object.fromEntries(Object.keys(PROGRAMS).map(name => [name, yaml(name)])), 0o755);
  writeFileSync(join(folder, 'victim'), SECRET, { mode: 0o600 });
  for (const [name, script] of Object.entries(PROGRAMS)) {
    mkdirSync(join(folder, 'in', name), { recursive: true });
    const text = `#!/bin/sh\nVICTIM='${join(folder, 'victim')}'\n${script}\necho '${RESULT}'\n`;
    writeFileSync(join(folder, `${name}.sh`), text);
    chmodSync(join(folder, `${name}.sh`), 0o755);
    writeFileSync(join(folder, 'in', name, 'a.csv'), 'a\n1\n');
  }
  service = await startOrchestrator(folder);
});
after(async () => {
  assert.equal(await service.kill('SIGTERM'), 0);
  await removeFolder(folder);
});

test('links, FIFOs and lies are breaches of the contract, nothing of root’s is served or moved, and others go on', async () => {
  const runs = await service.waitForRuns('', all => all.length === 4 && all.every(({ endedAt }) => endedAt !== null));
  const of = Object.fromEntries(runs.map(run => [run.dataset, run]));
  for (const name of ['links', 'fifos', 'liar']) {
    assert.equal(of[name]?.state, 'failed', name);
    assert.match(of[name]?.error ?? '', /contract breach/, name);
  }
  assert.equal(of['honest']?.state, 'done');
  const { items } = await service.get<{ items: unknown[] }>(`/api/runs/${of['links']?.id}/rejects?format=json`);
  assert.deepEqual(items, []);
  assert.equal(readFileSync(join(folder, 'victim'), 'utf8'), SECRET);
  assert.equal(statSync(join(folder, 'victim')).uid, process.getuid?.());
});
