import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type Docker from 'dockerode';
import { announce } from '../services/command.ts';
import { followProgress, imageLabels, tarOf } from '../services/docker-client.ts';
import { provideBaseImage } from './base-image.ts';
import { importedPackages, packageFolders, sourcesOf } from './packages.ts';

export interface ImagePlan {
  /** Without a tag. */
  name: string;
  /** Folders whose sources go in. */
  sources: string[];
  /** Folders whose imports decide which packages go in. */
  programs: string[];
}

/** Never in an image that has a Node of its own. */
const NODE_PACKAGE = /^node-(linux|darwin|win)-/;

/** Parts of packages that nothing reads at run time. */
const SUPERFLUOUS = /(\.(d\.[cm]?ts|map|md|markdown)$|\/(test|tests|docs|example|examples|\.github)$)/i;

/** By this label an image tells what it was built from. */
export const CONTENT_LABEL = 'orchestrator.content';

/**
 * Builds the image as `name:version` and `name:latest`, unless the one that is there was built from the same. Returns
 * whether it was built.
 */
export async function buildImage(
  docker: Docker,
  root: string,
  plan: ImagePlan,
  options: { version: string; base?: string },
): Promise<boolean> {
  const base = await provideBaseImage(docker, options.base);
  const tags = [`${plan.name}:${options.version}`, `${plan.name}:latest`];
  const content = contentHash(root, plan, base);
  const built = await Promise.all(tags.map(tag => imageLabels(docker, tag)));
  if (built.every(labels => labels?.[CONTENT_LABEL] === content)) return false;
  announce(`building ${tags[0]} on ${base}…`);
  const former = await imageId(docker, tags[0]!);
  const context = stage(root, plan);
  try {
    const stream = await docker.buildImage(tarOf(context), {
      t: tags[0]!,
      dockerfile: dockerfileOf(plan),
      buildargs: { BASE_IMAGE: base },
      labels: { [CONTENT_LABEL]: content },
      forcerm: true,
    });
    await followProgress(docker, stream);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  await docker.getImage(tags[0]!).tag({ repo: plan.name, tag: 'latest' });
  await forget(docker, former);
  return true;
}

async function imageId(docker: Docker, name: string): Promise<string | undefined> {
  return docker
    .getImage(name)
    .inspect()
    .then(
      image => image.Id,
      () => undefined,
    );
}

/**
 * The image that lost its names would only take up space. One that a container still has stays, and so does one with
 * other names.
 */
async function forget(docker: Docker, id: string | undefined): Promise<void> {
  if (id !== undefined)
    await docker
      .getImage(id)
      .remove()
      .catch(() => {});
}

function dockerfileOf(plan: ImagePlan): string {
  return `docker/${plan.name.split('/').at(-1)}.Dockerfile`;
}

/** All that decides what is in the image: sources, Dockerfile, locked packages, base. */
function contentHash(root: string, plan: ImagePlan, base: string): string {
  const hash = createHash('sha256').update(base);
  for (const file of filesOf(root, plan)) hash.update(`${relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function filesOf(root: string, plan: ImagePlan): string[] {
  const fixed = ['package.json', 'package-lock.json', dockerfileOf(plan)].map(file => join(root, file));
  return [...fixed, ...plan.sources.flatMap(folder => sourcesAt(root, folder))];
}

function sourcesAt(root: string, folder: string): string[] {
  return existsSync(join(root, folder)) ? sourcesOf(join(root, folder)) : [];
}

/**
 * The build's context: sources, and the packages of this machine in `staged/`, so that the build needs no network. Packages
 * hold native parts: another system's are of no use, and the Dockerfile then installs its own.
 */
function stage(root: string, plan: ImagePlan): string {
  const context = mkdtempSync(join(tmpdir(), 'orchestrator-image-'));
  chmodSync(context, 0o755);
  for (const folder of plan.sources) mkdirSync(join(context, folder)); // COPY wants it there, and empty will do
  for (const file of filesOf(root, plan)) copy(file, join(context, relative(root, file)));
  if (process.platform === 'linux') stagePackages(root, plan, join(context, 'staged'));
  openToAll(context);
  return context;
}

function stagePackages(root: string, plan: ImagePlan, target: string): void {
  mkdirSync(join(target, 'node_modules'), { recursive: true }); // a program without packages needs none installed either
  const names = plan.programs.flatMap(folder => importedPackages(join(root, folder)));
  for (const folder of packageFolders(
    root,
    names.filter(name => !NODE_PACKAGE.test(name)),
  )) {
    cpSync(join(root, folder), join(target, folder), {
      recursive: true,
      filter: path => belongs(join(root, folder), path),
    });
  }
}

/** Nested packages are listed by themselves, where they are needed. */
function belongs(folder: string, path: string): boolean {
  const inside = path.slice(folder.length);
  return !inside.includes('/node_modules') && !SUPERFLUOUS.test(inside);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

/** Containers run as the owner of a file, whoever that is: everybody may read the program, whatever our umask says. */
export function openToAll(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() || path.includes('/.bin/') ? 0o755 : 0o644);
  }
}
