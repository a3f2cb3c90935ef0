import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin.js', import.meta.url));
/** Prints each module as it is loaded. */
const HOOK = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process.stderr.write('loads ' + url + '\\n'); return next(url, context); } });`;
/** Of the service: a second of CPU and 100 MB. */
const HEAVY = [
  'fastify',
  'dockerode',
  '@elastic',
  'winston',
  'typebox',
  'ajv',
  '@duckdb',
  'chokidar',
  'koffi',
  'prom-client',
];

test('a command loads what it needs: --version, help and status nothing of the service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'loading-'));
  const env = { ...process.env, CONFIG_DIR: folder, DATA_DIR: join(folder, 'data') };
  for (const args of [['--version'], ['run', '--help'], ['status']]) {
    const { stderr, status } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(HOOK)}`, bin, ...args],
      { cwd: folder, env, encoding: 'utf8', timeout: 30_000 },
    );
    assert.equal(status, 0, stderr);
    const loaded = stderr.split('\n').filter(line => line.startsWith('loads '));
    assert.ok(loaded.some(line => line.endsWith('/cli/program.ts')));
    const heavy = loaded.filter(line => HEAVY.some(name => line.includes(`/node_modules/${name}`)));
    assert.deepEqual(heavy, [], args.join(' '));
  }
  rmSync(folder, { recursive: true });
});
