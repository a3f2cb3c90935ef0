import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { installPackages } from '../services/apt.ts';
import { cacheFolder } from '../services/cache.ts';
import { announce, hasCommand, runCommand } from '../services/command.ts';
import { followProgress, imageLabels, tarOf } from '../services/docker-client.ts';
import { type Base, provideBaseImage } from './base-image.ts';
import { CONTENT_LABEL, openToAll } from './build.ts';

/** The example of another ETL in the container's place. */
export const PYTHON_ETL_IMAGE = 'orchestrator-etl/python-etl:latest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['docker/python-etl.Dockerfile', 'docker/python-etl'];
const REQUIREMENTS = join(root, 'docker/python-etl/requirements.txt');

/** Python of Debian 12. */
const LOCAL_PYTHON = '3.11';
const PYTHON_BASE: Base = {
  usual: 'python:3.12-slim',
  local: `orchestrator-etl/base:python-${LOCAL_PYTHON}`,
  packages: ['python3', 'ca-certificates'],
  finish: () => {},
  variable: 'PYTHON_BASE_IMAGE',
  needs: 'Python 3.11 or newer',
};

/** Builds the image where it changed; returns whether it did. */
export async function buildPythonEtl(docker: Docker, wanted: string | undefined): Promise<boolean> {
  const base = await provideBaseImage(docker, wanted, PYTHON_BASE);
  const content = contentHash(base);
  if ((await imageLabels(docker, PYTHON_ETL_IMAGE))?.[CONTENT_LABEL] === content) return false;
  announce(`building ${PYTHON_ETL_IMAGE} on ${base}…`);
  const context = mkdtempSync(join(tmpdir(), 'orchestrator-image-'));
  try {
    for (const source of SOURCES) cpSync(join(root, source), join(context, source), { recursive: true });
    // A base that could be pulled says that the build has a network; pip then takes what fits its Python.
    if (base === PYTHON_BASE.local) cpSync(await packages(), join(context, 'staged/packages'), { recursive: true });
    openToAll(context);
    const stream = await docker.buildImage(tarOf(context), {
      t: PYTHON_ETL_IMAGE,
      dockerfile: 'docker/python-etl.Dockerfile',
      buildargs: { BASE_IMAGE: base },
      labels: { [CONTENT_LABEL]: content },
      forcerm: true,
    });
    await followProgress(docker, stream);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return true;
}

function contentHash(base: string): string {
  const hash = createHash('sha256').update(base);
  const folder = join(root, 'docker/python-etl');
  const files = readdirSync(folder).filter(name => /\.(py|txt)$/.test(name));
  for (const file of [join(root, 'docker/python-etl.Dockerfile'), ...files.sort().map(name => join(folder, name))])
    hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** The packages for Debian's Python, installed into a folder of the cache by this machine's pip. */
async function packages(): Promise<string> {
  const hash = createHash('sha256').update(LOCAL_PYTHON).update(readFileSync(REQUIREMENTS)).digest('hex');
  const folder = join(cacheFolder('python-packages'), hash.slice(0, 16));
  if (existsSync(folder)) return folder;
  if (!hasCommand('pip3')) await installPackages(['python3-pip'], 'the packages of the image come by pip');
  announce('installing the Python packages of the image…');
  const unfinished = mkdtempSync(join(cacheFolder('python-packages'), 'unfinished-'));
  try {
    const only = ['--only-binary=:all:', `--python-version=${LOCAL_PYTHON}`, '--no-compile'];
    await runCommand('pip3', ['install', '-q', ...only, '--target', unfinished, '-r', REQUIREMENTS]);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
