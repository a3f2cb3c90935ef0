import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from '../services/apt.ts';
import { cacheFolder } from '../services/cache.ts';
import { announce, runCommand } from '../services/command.ts';

/** A Python of its own with these packages, kept in the cache. Resolves with its interpreter. */
export async function providePython(requirements: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const folder = join(cacheFolder('bench-python'), hash.slice(0, 16));
  const python = join(folder, 'bin/python');
  const finished = join(folder, 'finished');
  if (existsSync(finished)) return python;
  rmSync(folder, { recursive: true, force: true });
  await requirePython();
  announce(`installing ${requirements.split('/').at(-1)} with pip…`);
  await runCommand('python3', ['-m', 'venv', folder]);
  await runCommand(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements]);
  writeFileSync(finished, '');
  return python;
}

/** Installs Python with what makes virtual environments, where it is missing. */
export async function requirePython(): Promise<void> {
  const isThere = await runCommand('python3', ['-c', 'import venv, ensurepip']).then(
    () => true,
    () => false,
  );
  if (!isThere) await installPackages(['python3', 'python3-venv'], 'the benchmark compares with programs in Python');
}
