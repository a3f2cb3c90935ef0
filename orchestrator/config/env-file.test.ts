import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readEnvFile } from './env-file.ts';

const bin = fileURLToPath(new URL('../bin.js', import.meta.url));
const { CONFIG_DIR: _config, DATA_DIR: _data, JOURNAL: _journal, ...env } = process.env;

test('a .env that is absent sets nothing; one that is no file, or closed to the user, is a mistake and no empty one', t => {
  const folder = mkdtempSync(join(tmpdir(), 'env-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '.env');
  assert.deepEqual(readEnvFile(folder), { variables: {}, mistake: null });
  assert.deepEqual(readEnvFile(join(folder, 'absent')), { variables: {}, mistake: null });
  writeFileSync(path, 'PORT=1\n');
  assert.deepEqual(readEnvFile(folder), { variables: { PORT: '1' }, mistake: null });
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0);
    assert.match(String(readEnvFile(folder).mistake), /can’t be read .*EACCES.*chown/);
  }
  rmSync(path);
  mkdirSync(path);
  assert.match(String(readEnvFile(folder).mistake), /the settings in .*\.env can’t be read \(EISDIR/);
});

test('nothing is started, checked or told without the settings that are meant; help needs none', t => {
  const folder = mkdtempSync(join(tmpdir(), 'env-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'config'));
  mkdirSync(join(folder, '.env'));
  writeFileSync(join(folder, 'config', 'sales.yaml'), 'WATCH_DIR: in\n');
  for (const command of ['start', 'check', 'status']) {
    const { status, stderr } = spawnSync(process.execPath, [bin, command], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(status, 1, command);
    assert.match(stderr, /the settings in .*\.env can’t be read/, command);
  }
  assert.equal(spawnSync(process.execPath, [bin, '--version'], { cwd: folder, env, timeout: 30_000 }).status, 0);
});
