import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { WARM_LABEL } from '../../default-etl/contract/contract.ts';
import { check } from './check.ts';
import { asRoot } from '../testing/as-root.ts';

const SHIPPED = new URL('../../config/', import.meta.url).pathname;

test('a mistake is written with file, line, column and suggestion, and the exit code is 1', async t => {
  const { run } = await project(t, {
    'config/sales.yaml': 'WATCH_DIR: ./in\nWATCH_REGX: x\n',
    'config/costs.yaml': 'WATCH_DIR: ./in\n',
    'in/.keep': '',
  });
  assert.deepEqual(await run({}), {
    code: 1,
    text: 'config/sales.yaml:2:1: WATCH_REGX is not a key; did you mean WATCH_REGEX?\nno policy.yaml: the default policy holds\n1 dataset fine, 1 mistake\n',
  });
});

test('a good configuration has exit code 0; a missing folder or program is a warning', async t => {
  const { run, root } = await project(t, { 'config/sales.yaml': 'WATCH_DIR: ./in\nCOMMAND: ./send.sh now\n' });
  const { code, text } = await run({});
  assert.equal(code, 0);
  assert.ok(text.includes(`dataset sales: warning: WATCH_DIR ${root}/in does not exist yet`), text);
  assert.ok(text.includes(`dataset sales: warning: COMMAND ${root}/send.sh is not there`), text);
  assert.ok(text.endsWith('1 dataset fine, 0 mistakes, 2 warnings\n'), text);
});

test('a folder of our own that a link leads below WATCH_DIR is a warning, a WATCH_DIR in one a mistake', async t => {
  const { run, root } = await project(t, {
    'config/sales.yaml': 'WATCH_DIR: ./in\nBACKUP_FILE: true\nBACKUP_DIR: ./bk\n',
    'in/sub/.keep': '',
  });
  await symlink(join(root, 'in/sub'), join(root, 'bk'));
  const warned = await run({});
  assert.equal(warned.code, 0);
  const found = `dataset sales: warning: ${root}/in/sub, below WATCH_DIR ${root}/in, is BACKUP_DIR ${root}/bk by a link or a mount`;
  assert.ok(warned.text.includes(found), warned.text);
  await writeFile(join(root, 'config/sales.yaml'), 'WATCH_DIR: ./in/sub/deep\nBACKUP_FILE: true\nBACKUP_DIR: ./bk\n');
  const refused = await run({});
  assert.equal(refused.code, 1);
  assert.ok(refused.text.includes(`WATCH_DIR ${root}/in/sub/deep is, or lies in, BACKUP_DIR ${root}/bk`), refused.text);
  await writeFile(join(root, 'config/sales.yaml'), 'WATCH_DIR: ./in\nBACKUP_FILE: true\nBACKUP_DIR: ./in/sub\n');
  assert.deepEqual((await run({})).text.match(/by a link/), null);
});

test('a WATCH_DIR that is a file, or lies below one, is a mistake', async t => {
  const { run, root } = await project(t, {
    'config/sales.yaml': 'WATCH_DIR: ./file\n',
    'config/stock.yaml': 'WATCH_DIR: ./file/below\n',
    file: 'x',
  });
  const { code, text } = await run({});
  assert.equal(code, 1);
  assert.ok(text.includes(`dataset sales: WATCH_DIR ${root}/file is a file, or lies below one; name a folder`), text);
  assert.ok(text.includes(`dataset stock: WATCH_DIR ${root}/file/below is a file`), text);
  assert.ok(text.endsWith('0 datasets fine, 2 mistakes\n'), text);
});

test('a BACKUP_DIR or QUARANTINE_DIR that can’t be made or written is a warning, one that can is none', async t => {
  const yaml = (folder: string) =>
    `WATCH_DIR: ./in\nBACKUP_FILE: true\nON_CHANGE: append\nBACKUP_DIR: ${folder}\nQUARANTINE_DIR: ${folder}-bad\n`;
  const { run, root } = await project(t, {
    'config/sales.yaml': yaml('./file/backup'),
    'config/stock.yaml': yaml('./made/later'),
    'in/.keep': '',
    file: 'x',
  });
  const { code, text } = await run({});
  assert.equal(code, 0);
  const said = `BACKUP_DIR ${root}/file/backup can't be made: ${root}/file is no folder; files would stay where they are`;
  assert.ok(text.includes(`dataset sales: warning: ${said}`), text);
  assert.ok(text.includes(`QUARANTINE_DIR ${root}/file/backup-bad can't be made`), text);
  assert.ok(!text.includes('stock'), text);
});

test('WARM on an image that does not say that it can wait is a warning', async t => {
  const { root } = await project(t, {
    'config/sales.yaml': 'WATCH_DIR: ./in\nDOCKER_IMAGE: some/image\nWARM: 2\n',
    'in/.keep': '',
  });
  const said = async (labels: Record<string, string> | undefined) => {
    let text = '';
    await check(
      join(root, 'config'),
      {},
      more => (text += more),
      root,
      async () => labels,
    );
    return text;
  };
  assert.match(await said({}), /warning: WARM has no effect: some\/image does not say by the label/);
  assert.doesNotMatch(await said({ [WARM_LABEL]: '1' }), /WARM has no effect/);
  assert.doesNotMatch(await said(undefined), /WARM has no effect/);
});

test('a wrong variable of the environment counts too', async t => {
  const { run } = await project(t, { 'config/sales.yaml': 'WATCH_DIR: .\n' });
  const { code, text } = await run({ PORT: 'high' });
  assert.equal(code, 1);
  assert.match(text, /PORT="high", which must be a whole number/);
});

test('a folder without datasets says how to get one', async t => {
  const { run } = await project(t, { 'config/_defaults.yaml': '# nothing\n' });
  const { code, text } = await run({});
  assert.equal(code, 0);
  assert.match(text, /^no datasets yet in config\/: copy one of config\/examples/);
});

test('a folder that is not there is a mistake', async t => {
  const { run } = await project(t, {});
  assert.deepEqual(await run({}), {
    code: 1,
    text: "config:1:1: can't be read (ENOENT)\nno policy.yaml: the default policy holds\n0 datasets fine, 1 mistake\n",
  });
});

test('the shipped dataset and every example pass, with Elasticsearch and without', async t => {
  const { run, root } = await project(t, { 'config/.keep': '' });
  await copyFile(join(SHIPPED, 'default.yaml'), join(root, 'config/default.yaml'));
  await copyFile(join(SHIPPED, '_defaults.yaml'), join(root, 'config/_defaults.yaml'));
  const examples = (await readdir(join(SHIPPED, 'examples'))).filter(name => name.endsWith('.yaml'));
  await cp(join(SHIPPED, 'examples'), join(root, 'config'), { recursive: true });
  for (const env of [{}, { ELASTICSEARCH_NODE: 'http://localhost:9200' }]) {
    const { code, text } = await run(env);
    assert.equal(code, 0, text);
    assert.ok(text.includes(`${examples.length + 1} datasets fine, 0 mistakes`), text);
    // An image of one's own is given Elasticsearch only where the YAML names it, whether there is one or not.
    const remarks = text.split('\n').filter(line => /yaml:\d+:\d+: warning/.test(line) && !line.includes('python-etl'));
    assert.deepEqual(remarks, []);
  }
});

test('a module that a run could not import is told beforehand', async t => {
  const { run } = await project(t, {
    'config/a.yaml':
      'WATCH_DIR: ./in\nENV: {A: b}\nTRANSFORM: [{module: good.ts}, {module: {file: bad.ts}}, {module: none.ts}]\n',
    'config/a/good.ts':
      "if (process.env['A'] !== 'b') throw new Error('no A');\nexport const step = (row: object) => row;\n",
    'config/a/bad.ts': 'const one = 1;\nexport const step = (;\n',
    'config/a/none.ts': 'export const other = 1;\n',
  });
  const { code, text } = await run({});
  assert.equal(code, 0, text);
  assert.match(text, /dataset a: warning: TRANSFORM: module bad\.ts:2 can't be imported: .+; each run would fail/);
  assert.match(text, /dataset a: warning: TRANSFORM: module none\.ts exports no function named step/);
  assert.ok(!text.includes('good.ts'), text);
});

test('the modules of others are not imported by root', asRoot, async t => {
  const { run } = await project(t, {
    'config/a.yaml': 'WATCH_DIR: ./in\nTRANSFORM: [{module: step.mjs}]\n',
    'config/a/step.mjs':
      'throw new Error(`uid ${process.getuid()} gid ${process.getgid()} groups ${process.getgroups()}`);\n',
  });
  assert.match((await run({})).text, /uid [1-9]\d* gid [1-9]\d* groups ([1-9]\d*)?;/);
});

async function project(t: TestContext, files: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), 'check-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), text);
  }
  async function run(env: Record<string, string>): Promise<{ code: number; text: string }> {
    let text = '';
    const code = await check(join(root, 'config'), env, part => {
      text += part;
    });
    return { code, text };
  }
  return { root, run };
}
