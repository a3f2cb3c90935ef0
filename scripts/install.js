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
  console.error('installing the packages that package-lock.json names (npm install, about a minute)…');
  // Not `npm ci`: it refuses a lock file in which packages for other platforms are missing, and a registry mirror need not hold those.
  const { status } = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error('npm install failed: see its message above; check the network and the registry, then try again');
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
