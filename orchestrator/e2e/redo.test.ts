import assert from 'node:assert/strict';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ApiRun, makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { openIndex } from './index.ts';

const NAMES = ['plain', 'backed', 'contained'];
/**
 * How files are taken away, and what a later one of the same name does: rows of the first, after the second, and after
 * it came once more.
 */
const DELIVERIES = [
  { name: 'backup-replace', keys: 'BACKUP_FILE: true\nON_CHANGE: replace\n', counts: [3, 2, 2] },
  { name: 'backup-append', keys: 'BACKUP_FILE: true\nON_CHANGE: append\n', counts: [3, 5, 5] },
  { name: 'remove-replace', keys: 'REMOVE_FILE: true\nON_CHANGE: replace\n', counts: [3, 2, 2] },
  { name: 'remove-append', keys: 'REMOVE_FILE: true\nON_CHANGE: append\n', counts: [3, 5, 5] },
];
const ALL = [...NAMES, ...DELIVERIES.map(({ name }) => name)];
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  for (const name of ALL) await indexOf(name).drop();
  const dataset = (name: string, more: string) =>
    `WATCH_DIR: {folder}/${name}\n${more}LOAD: {index: e2e-redo-${name}}\n`;
  folder = await makeFolder(
    {
      plain: dataset('plain', 'RUNNER: process\n'),
      backed: dataset('backed', 'RUNNER: process\nBACKUP_FILE: true\nON_CHANGE: append\n'),
      ...Object.fromEntries(DELIVERIES.map(({ name, keys }) => [name, dataset(name, `RUNNER: process\n${keys}`)])),
      contained: dataset('contained', 'RUNNER: docker\nBACKUP_FILE: true\nON_CHANGE: append\n'),
    },
    0o755,
  );
  for (const name of ALL) await mkdir(join(folder, name));
  orchestrator = await startOrchestrator(folder);
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  for (const name of ALL) await indexOf(name).drop();
  await removeFolder(folder);
});

test('after touch the file is replayed by its done run and by the one that was skipped', async () => {
  const done = await orchestrator.load('plain', 'a.csv', 'A,B\n1,2\n3,4\n');
  await utimes(join(folder, 'plain/a.csv'), new Date(), new Date());
  const [skipped] = await orchestrator.waitForRuns('dataset=plain&state=skipped', runs => runs.length === 1);
  for (const { id } of [done, skipped as ApiRun]) {
    const { code, stdout } = await orchestrator.command('replay', id, '--follow');
    assert.deepEqual([code, stdout], [0, 'done a.csv: 2 rows loaded\n']);
  }
  await writeFile(join(folder, 'plain/a.csv'), 'A,B\n5,6\n');
  await orchestrator.waitForRuns('dataset=plain', ([newest]) => newest?.state === 'done' && newest.rowsRead === 1);
  const { code, stderr } = await orchestrator.command('replay', done.id);
  assert.equal(code, 1);
  assert.match(stderr, /a\.csv holds other content than run .*\n0 runs queued/);
  const answer = await orchestrator.fetch(`/api/runs/${done.id}/replay`, { method: 'POST' });
  assert.equal(answer.status, 409);
  assert.equal(await indexOf('plain').count(), 1);
});

for (const name of ['backed', 'contained']) {
  test(`a file in the backup is replayed, and run by hand, as the one it is (${name})`, async () => {
    const first = await orchestrator.load(name, 'a.csv', 'A,B\n1,2\n3,4\n');
    const place = join(folder, `data/backup/${name}/a.csv`);
    await orchestrator.disposed();
    await orchestrator.load(name, 'a.csv', 'A,B\n5,6\n');
    await orchestrator.disposed();
    for (const args of [
      ['replay', first.id, '--follow'],
      ['run', name, place],
    ]) {
      const { code, stdout, stderr } = await orchestrator.command(...args);
      const line = 'done a.csv: 2 rows loaded, beside the rows of another file of this name\n';
      assert.deepEqual([code, stdout], [0, line], stderr);
    }
    assert.equal(await indexOf(name).count(), 3);
  });
}

for (const { name, keys, counts } of DELIVERIES) {
  test(`what a later file of the same name does to the rows that are there is what was asked for: ${keys.replaceAll('\n', ' ').trim()}`, async () => {
    const found: number[] = [];
    for (const content of ['A\n1\n2\n3\n', 'A\n1\n4\n', 'A\n1\n4\n']) {
      await orchestrator.load(name, 'a.csv', content);
      await orchestrator.disposed();
      found.push(await indexOf(name).count());
    }
    assert.deepEqual(found, counts);
  });
}

function indexOf(name: string): ReturnType<typeof openIndex> {
  return openIndex(`e2e-redo-${name}`);
}
