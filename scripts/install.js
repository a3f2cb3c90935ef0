// Runs before `npm start`, `npm test` and their like, on whatever Node the machine has: installs what package-lock.json
// names when node_modules is missing or older than the lock file, and says so. Does nothing otherwise (2 ms).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.installed`;
const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.error('installing the packages that package-lock.json names (npm ci, about a minute)…');
  // Each package is compared with its hash in the lock file, and none of them may run a script of its own on this machine:
  // what we use of them works without (scripts/tests/packages.test.ts).
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error('npm ci failed: see its message above; check the network and the registry, then try again');
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
