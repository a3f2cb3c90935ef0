import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { asRoot } from '../testing/as-root.ts';
import { readAlone, type Reading } from './bare.ts';

async function readingOf(t: TestContext, script: string, more: Partial<Reading> = {}): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'bare-'));
  t.after(() => rm(place, { recursive: true }));
  await mkdir(join(place, 'lake', 'sales'), { recursive: true, mode: 0o700 });
  await writeFile(join(place, 'lake', 'sales', 'k.parquet'), 'rows', { mode: 0o600 });
  await writeFile(join(place, 'token'), 'secret', { mode: 0o600 });
  await writeFile(join(place, 'reader.mjs'), script);
  const bounds = { withinMs: 20_000, mostBytes: 10_000, signal: new AbortController().signal };
  const folder = join(place, 'lake', 'sales');
  return readAlone({ script: join(place, 'reader.mjs'), folder, input: 'asked', ...bounds, ...more });
}

test(
  'as root, what reads the lake has no capability, network or process but its own, sees its folder alone and writes nowhere',
  asRoot,
  async t => {
    const said = await readingOf(
      t,
      `import { accessSync, constants, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
const tried = (what, act) => { try { console.log(what, act()); } catch (error) { console.log(what, error.code); } };
const status = readFileSync('/proc/self/status', 'utf8');
console.log(readFileSync(0, 'utf8'), readFileSync('k.parquet', 'utf8'), process.pid);
console.log(status.match(/^(Cap(Inh|Prm|Eff|Bnd|Amb):\\s+0+|NoNewPrivs:\\s+1)$/gm)?.length);
tried('beside', () => readFileSync('../../token', 'utf8'));
tried('above', () => readdirSync('../..').join());
tried('accounts', () => readFileSync('/etc/passwd', 'utf8'));
tried('devices', () => readdirSync('/dev').length);
tried('sockets', () => readdirSync('/run').length);
tried('environ', () => readFileSync('/proc/${process.pid}/environ', 'utf8').length);
tried('memory', () => readFileSync('/proc/${process.pid}/maps', 'utf8').length);
tried('signal', () => process.kill(${process.pid}, 0));
tried('network', () => Object.keys(networkInterfaces()).length);
for (const path of ['k.parquet', '/', '/usr/bin', '/proc/sys/kernel/core_pattern', '/tmp'])
  tried(path, () => accessSync(path, constants.W_OK));
tried('made', () => mkdirSync('/made-by-a-reader'));
`,
    );
    assert.deepEqual(said.trim().split('\n'), [
      'asked rows 1',
      '6',
      'beside ENOENT',
      'above lake,reader.mjs',
      'accounts ENOENT',
      'devices 0',
      'sockets 0',
      'environ EACCES',
      'memory EACCES',
      'signal ESRCH',
      'network 0',
      'k.parquet EROFS',
      '/ EROFS',
      '/usr/bin EROFS',
      '/proc/sys/kernel/core_pattern EROFS',
      '/tmp EROFS',
      'made EROFS',
    ]);
  },
);

test('one that takes too long, says too much or fails gives no answer, and the reason', async t => {
  await assert.rejects(readingOf(t, 'for (;;);', { withinMs: 500 }), { why: 'time' });
  await assert.rejects(readingOf(t, 'for (;;) console.log("x".repeat(1000));'), { why: 'size' });
  await assert.rejects(readingOf(t, 'console.error("no rows"); process.exit(3);'), {
    why: 'program',
    message: 'no rows',
  });
});
