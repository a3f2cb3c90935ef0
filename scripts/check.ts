// `npm run check [-- --no-tests]`: types, lint, format, what is unused, then the tests. Runs all of them and says at
// the end which failed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const binFolder = `${root}node_modules/.bin/`;

const CHECKS: Array<[name: string, command: string, args: string[]]> = [
  ['types', `${binFolder}tsc`, ['--noEmit', '-p', '.']],
  ['lint', `${binFolder}oxlint`, ['--type-aware', '--deny-warnings']],
  ['format', `${binFolder}biome`, ['format', '.']],
  ['unused', `${binFolder}knip`, ['--no-progress']],
];

const withTests = !process.argv.includes('--no-tests');
const failed = CHECKS.filter(([name, command, args]) => !passes(name, command, args)).map(([name]) => name);
if (withTests && !passes('tests', process.execPath, ['scripts/test.ts'])) failed.push('tests');
process.stderr.write(failed.length === 0 ? 'all checks pass\n' : `failed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function passes(name: string, command: string, args: string[]): boolean {
  process.stderr.write(`— ${name}\n`);
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}
