import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { JOB_ENDED, parseMessage } from './contract/protocol.ts';
import { load, temporaryFolder, TestIndex } from './testing/load.ts';

const BIN = fileURLToPath(new URL('bin.js', import.meta.url));

function start(args: string[], env: Record<string, string>, cwd?: string) {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env.PATH, ...env },
    ...(cwd ? { cwd } : {}),
  });
  const said = { text: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.text += text;
    child.emit('said');
  });
  return { child, said };
}

async function end({ child, said }: { child: ChildProcess; said: { text: string } }) {
  const [code] = (await once(child, 'close')) as [number | null];
  const messages = said.text
    .split('\n')
    .map(parseMessage)
    .filter(message => message !== undefined);
  return { code, messages, last: messages.at(-1) };
}

test('alone: a file and nothing else becomes a Parquet file beside it', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'in.csv'), 'a\n1\n');
  const { code, last } = await end(start(['in.csv'], {}, folder));
  assert.equal(code, 0);
  assert.equal(last?.type === 'result' && last.rows_loaded, 1);
  assert.ok(existsSync(join(folder, 'etl-out', 'in.csv', 'out.parquet')));
});

test('a Node that runs no TypeScript is told by its version, and which one to take', async () => {
  const child = spawn(process.execPath, ['--no-experimental-strip-types', BIN, 'in.csv']);
  let text = '';
  child.stderr.on('data', chunk => (text += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 78);
  assert.match(text, /^default-etl: Node 22\.18 or newer is needed, this is v\d[^\n]*npm install[^\n]*\n$/);
});

test('a slow reader gets all that was said', async context => {
  const folder = temporaryFolder(context);
  const rows = Array.from({ length: 9000 }, (_, row) => `${row},${'x'.repeat(90)}\n`);
  writeFileSync(join(folder, 'in.csv'), `a,b\n${rows.join('')}`);
  const child = spawn(process.execPath, [BIN, '--preview', '--rows=9000', join(folder, 'in.csv')]);
  // It has ended, or waits for its reader.
  await Promise.race([once(child, 'exit'), setTimeout(2000)]);
  const chunks = (await child.stdout.toArray()) as Buffer[];
  const preview = JSON.parse(Buffer.concat(chunks).toString()) as { rows: unknown[] };
  assert.equal(preview.rows.length, 9000);
});

test('a failure ends with its sentence and its exit code', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'in.csv'), '');
  const { code, last } = await end(start(['in.csv'], {}, folder));
  assert.equal(code, 65);
  assert.match(last?.type === 'error' ? last.message : '', /in\.csv is empty/);
});

test('a failure names the file as the folder has it, not as the container sees it', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'in.csv'), '');
  const { last } = await end(start(['in.csv'], { FILE_PATH: 'north/in.csv' }, folder));
  assert.match(last?.type === 'error' ? last.message : '', /^north\/in\.csv is empty/);
});

test('of a column with decimal commas it is said what makes numbers of it', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'in.csv'), 'NOM;PRIX\na;1 234,50\nb;3\n');
  const { messages } = await end(start(['in.csv'], {}, folder));
  const decisions = messages.flatMap(message => (message.type === 'decided' ? message.decisions : []));
  assert.match(
    decisions.find(({ name }) => name === 'types')?.reason ?? '',
    /comma or blanks are text, as in PRIX: the step decimal_comma/,
  );
});

test('RUN_PER folder: each file has its own result and code', async context => {
  const folder = temporaryFolder(context);
  const files = ['a', 'b'].map((name, position) => {
    const FILE = join(folder, `${name}.csv`);
    writeFileSync(FILE, position === 0 ? 'x\n1\n2\n' : '');
    return { FILE, FILE_NAME: `${name}.csv`, FILE_PATH: `${name}.csv`, WORK_DIR: join(folder, name) };
  });
  mkdirSync(join(folder, 'lists'));
  const FILES = join(folder, 'lists', 'files.json');
  writeFileSync(FILES, JSON.stringify(files));
  const { code, messages } = await end(start([], { FILE: folder, FILES }));
  const results = messages.flatMap(message => (message.type === 'result' ? [message] : []));
  assert.deepEqual(
    results.map(({ file, code: own, rows_loaded }) => [file, own, rows_loaded]),
    [
      ['a.csv', 0, 2],
      ['b.csv', 65, 0],
    ],
  );
  assert.equal(code, 65);
});

test('RUN_PER folder: with overwrite the first file makes the new index, whatever was deleted before it', async context => {
  const folder = temporaryFolder(context);
  const index = new TestIndex(context, process.env['ELASTICSEARCH_NODE']);
  await load({ folder, content: 'x\n0\n', env: index.env(5, { FILE_KEY: 'OLD' }, { overwrite: true }) });
  const files = ['gone', 'a', 'b'].map((name, position) => {
    const FILE = join(folder, `${name}.csv`);
    writeFileSync(FILE, `x\n${position}\n`);
    const ACTION = name === 'gone' ? 'delete' : 'add';
    return { ACTION, FILE, FILE_KEY: name, VERSION: String(6 + position), WORK_DIR: join(folder, name) };
  });
  const FILES = join(folder, 'files.json');
  writeFileSync(FILES, JSON.stringify(files));
  const { code } = await end(
    start([], { ...(index.env(6, {}, { overwrite: true }) as Record<string, string>), FILE: folder, FILES }),
  );
  assert.equal(code, 0);
  assert.deepEqual(Object.keys(await index.documents()), ['a-0000000001', 'b-0000000001']);
});

test('a warm process takes its environment from stdin, runs one job and ends', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'in.csv'), 'a\n1\n');
  const running = start([], { ORCHESTRATOR_WARM: '1' });
  running.child.stdin?.write(`${JSON.stringify({ FILE: join(folder, 'in.csv'), WORK_DIR: join(folder, 'work') })}\n`);
  const { code } = await end(running);
  assert.equal(code, 0);
  assert.ok(existsSync(join(folder, 'work', 'out.parquet')));
});

test('a process that takes jobs runs one after another, says how each ended, and ends with its input', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'good.csv'), 'a\n1\n2\n');
  writeFileSync(join(folder, 'bad.parquet'), 'PAR1');
  const running = start([], { ORCHESTRATOR_WARM: 'jobs', LOAD: '{"target":"lake"}' });
  for (const [at, name] of ['good.csv', 'bad.parquet', 'gone.csv', 'good.csv'].entries()) {
    const job = {
      FILE: join(folder, name),
      WORK_DIR: join(folder, String(at)),
      RUN_ID: `run-${at}`,
      ORCHESTRATOR_JOB: `job${at}`,
    };
    running.child.stdin?.write(`${JSON.stringify(job)}\n`);
  }
  running.child.stdin?.end();
  const { code, messages } = await end(running);
  assert.equal(code, 0);
  const ends = running.said.text.split('\n').filter(line => line.startsWith(JOB_ENDED));
  assert.deepEqual(
    ends.map(line => line.slice(JOB_ENDED.length)),
    ['job0 0', 'job1 65', 'job2 75', 'job3 0'],
  );
  assert.deepEqual(
    messages.map(message => message.type).filter(type => type === 'result' || type === 'error'),
    ['result', 'error', 'error', 'result'],
  );
  assert.ok(existsSync(join(folder, '0', 'out.parquet')) && existsSync(join(folder, '3', 'out.parquet')));
});

test('one that waits for its next job ends on SIGTERM, and one that reads no job says so', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'in.csv'), 'a\n1\n');
  const waiting = start([], { ORCHESTRATOR_WARM: 'jobs' });
  waiting.child.stdin?.write(`${JSON.stringify({ FILE: join(folder, 'in.csv'), WORK_DIR: join(folder, 'work') })}\n`);
  while (!waiting.said.text.includes(JOB_ENDED)) await once(waiting.child, 'said');
  waiting.child.kill('SIGTERM');
  assert.equal((await end(waiting)).code, 0);
  const wrong = start([], { ORCHESTRATOR_WARM: 'jobs' });
  wrong.child.stdin?.write('no JSON\n');
  const { code, last } = await end(wrong);
  assert.equal(code, 78);
  assert.match(last?.type === 'error' ? last.message : '', /the line on stdin is not JSON/);
});

test('SIGTERM ends it at once, even while Elasticsearch is away', async context => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'in.csv'), 'a\n1\n');
  // Port 1 is closed everywhere: the run would try for 30 s.
  const running = start(['in.csv'], { ELASTICSEARCH_NODE: 'http://127.0.0.1:1' }, folder);
  while (!running.said.text.includes('delimiter')) await once(running.child, 'said');
  const began = performance.now();
  running.child.kill('SIGTERM');
  assert.equal((await end(running)).code, 143);
  assert.ok(performance.now() - began < 5_000);
});
