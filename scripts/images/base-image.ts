import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { installPackages } from '../services/apt.ts';
import { announce, hasCommand, runCommand } from '../services/command.ts';
import { followProgress, hasImage, pullImage, tarOf } from '../services/docker-client.ts';

/** What the Dockerfiles build on unless told. */
export const USUAL_BASE = 'node:24-slim';

/** Node's version is part of the name: another Node makes another base. */
const LOCAL_BASE = `orchestrator-etl/base:node-${process.versions.node}`;

const PULL_LIMIT_MS = 300_000;

/** Not needed at run time, and half of the size. */
const SUPERFLUOUS = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
];

/** The base to build on: the one `wanted` names, else the usual one if it is here or can be pulled, else one made from Debian's packages. */
export async function provideBaseImage(docker: Docker, wanted: string | undefined): Promise<string> {
  if (wanted) return wanted;
  if (await hasImage(docker, USUAL_BASE)) return USUAL_BASE;
  if (await hasImage(docker, LOCAL_BASE)) return LOCAL_BASE;
  announce(`pulling ${USUAL_BASE}…`);
  if (await pullImage(docker, USUAL_BASE, PULL_LIMIT_MS)) return USUAL_BASE;
  announce(`${USUAL_BASE} can't be pulled: making ${LOCAL_BASE} from Debian's packages and this Node (about 30 s)…`);
  await makeLocalBase(docker);
  return LOCAL_BASE;
}

async function makeLocalBase(docker: Docker): Promise<void> {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') {
    throw new Error(
      `${USUAL_BASE} can't be pulled, and only root on Debian can make a base in its place; set BASE_IMAGE to an image with Node 24`,
    );
  }
  if (!hasCommand('debootstrap'))
    await installPackages(['debootstrap'], "the base image is made from Debian's packages");
  const root = mkdtempSync(join(tmpdir(), 'orchestrator-base-'));
  try {
    await runCommand('debootstrap', ['--variant=minbase', 'bookworm', root], {
      todo: 'set BASE_IMAGE to an image with Node 24',
    });
    for (const folder of SUPERFLUOUS) rmSync(join(root, folder), { recursive: true, force: true });
    copyFileSync(process.execPath, join(root, 'usr/local/bin/node'));
    chmodSync(join(root, 'usr/local/bin/node'), 0o755);
    chmodSync(root, 0o755);
    await importFolder(docker, root, LOCAL_BASE);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function importFolder(docker: Docker, folder: string, name: string): Promise<void> {
  const [repo, tag] = name.split(':');
  const changes = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  await followProgress(docker, await docker.importImage(tarOf(folder), { repo, tag, changes }));
}
