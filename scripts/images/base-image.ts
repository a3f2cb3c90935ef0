import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { installPackages } from '../services/apt.ts';
import { announce, hasCommand, runCommand } from '../services/command.ts';
import { followProgress, hasImage, pullImage, tarOf } from '../services/docker-client.ts';

/** A base of the Dockerfiles, and what stands in for it where it can't be pulled. */
export interface Base {
  usual: string;
  /** Made of Debian 12's packages. */
  local: string;
  /** Besides the least that Debian consists of. */
  packages: string[];
  /** What Debian has not, put into the image's folder. */
  finish: (root: string) => void;
  /** For messages: the variable that names another, and what that one must have. */
  variable: string;
  needs: string;
}

const NODE_BASE: Base = {
  usual: 'node:24-slim',
  // Another Node makes another base.
  local: `orchestrator-etl/base:node-${process.versions.node}`,
  packages: [],
  finish: addNode,
  variable: 'BASE_IMAGE',
  needs: 'Node 24',
};

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

/**
 * The base to build on: the one `wanted` names, else the usual one if it is here or can be pulled, else one made from
 * Debian's packages.
 */
export async function provideBaseImage(
  docker: Docker,
  wanted: string | undefined,
  base: Base = NODE_BASE,
): Promise<string> {
  if (wanted) return wanted;
  if (await hasImage(docker, base.usual)) return base.usual;
  if (await hasImage(docker, base.local)) return base.local;
  announce(`pulling ${base.usual}…`);
  if (await pullImage(docker, base.usual, PULL_LIMIT_MS)) return base.usual;
  announce(`${base.usual} can't be pulled: making ${base.local} from Debian's packages (about 30 s)…`);
  await makeLocalBase(docker, base);
  return base.local;
}

async function makeLocalBase(docker: Docker, base: Base): Promise<void> {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') {
    throw new Error(
      `${base.usual} can't be pulled, and only root on Debian can make a base in its place; set ${base.variable} to an image with ${base.needs}`,
    );
  }
  if (!hasCommand('debootstrap'))
    await installPackages(['debootstrap'], "the base image is made from Debian's packages");
  const root = mkdtempSync(join(tmpdir(), 'orchestrator-base-'));
  try {
    const include = base.packages.length > 0 ? [`--include=${base.packages.join(',')}`] : [];
    await runCommand('debootstrap', ['--variant=minbase', ...include, 'bookworm', root], {
      todo: `set ${base.variable} to an image with ${base.needs}`,
    });
    for (const folder of SUPERFLUOUS) rmSync(join(root, folder), { recursive: true, force: true });
    base.finish(root);
    chmodSync(root, 0o755);
    await importFolder(docker, root, base.local);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function addNode(root: string): void {
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'));
  chmodSync(join(root, 'usr/local/bin/node'), 0o755);
}

async function importFolder(docker: Docker, folder: string, name: string): Promise<void> {
  const [repo, tag] = name.split(':');
  const changes = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  await followProgress(docker, await docker.importImage(tarOf(folder), { repo, tag, changes }));
}
