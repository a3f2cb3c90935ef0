import assert from 'node:assert/strict';
import { chmodSync, linkSync, lstatSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { provideToken, readToken } from './token.ts';
import { asRoot } from '../../testing/as-root.ts';

let dataDir: string;
let path: string;
const GOOD = 'A'.repeat(43);

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'token-'));
  path = join(dataDir, 'token');
});
afterEach(() => rm(dataDir, { recursive: true }));

test('a token is made once, of 256 bits, readable by its owner alone', () => {
  assert.equal(readToken(dataDir), null);
  const { token, warning } = provideToken(dataDir);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(warning, null);
  assert.equal(lstatSync(path).mode & 0o777, 0o600);
  assert.deepEqual([provideToken(dataDir).token, readToken(dataDir)], [token, token]);
});

test('a token of our own that others could read is closed to them, and it is said', () => {
  writeFileSync(path, `${GOOD}\n`);
  chmodSync(path, 0o644);
  assert.match(provideToken(dataDir).warning ?? '', /could be read by others \(mode 644\).*remove it/);
  assert.equal(lstatSync(path).mode & 0o777, 0o600);
  assert.deepEqual(provideToken(dataDir), { token: GOOD, warning: null });
});

test('a token of somebody else’s is not taken, and the file stays as it is', asRoot, async () => {
  writeFileSync(path, GOOD, { mode: 0o600 });
  await chown(path, 1234, 1234);
  assert.throws(() => provideToken(dataDir), /it belongs to uid 1234, not to 0; remove it/);
  assert.equal(lstatSync(path).uid, 1234);
});

test('neither a link, another name of a file, a folder, a FIFO nor a file without a token is taken', async () => {
  const victim = join(dataDir, 'victim');
  writeFileSync(victim, GOOD, { mode: 0o600 });
  symlinkSync(victim, path);
  for (const read of [provideToken, readToken]) assert.throws(() => read(dataDir), /it is a link/);
  unlinkSync(path);
  linkSync(victim, path);
  assert.throws(() => provideToken(dataDir), /another name/);
  unlinkSync(path);
  for (const text of ['', 'short', `${GOOD} ${GOOD}`, `${GOOD}\n`.repeat(1000)]) {
    writeFileSync(path, text, { mode: 0o600 });
    assert.throws(() => provideToken(dataDir), /can't be used: it (is no small|holds no)/);
  }
  assert.equal(readFileSync(victim, 'utf8'), GOOD);
});

test('what a crash left of a token that was being made is no token', () => {
  writeFileSync(`${path}.new`, 'half');
  assert.match(provideToken(dataDir).token, /^[A-Za-z0-9_-]{43}$/);
});
