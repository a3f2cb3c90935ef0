import type { BigIntStats } from 'node:fs';
import type { OpenFile } from './open-file.ts';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import { fileSystemKindOf } from './file-system.ts';
import type { Folder } from './folder.ts';
import { areHardLinksProtected, mayHaveSeveralNames } from './hard-links.ts';
import { countsBlocks, seemsHollow } from './holes.ts';
import { type Destination, followPath, openDestination } from './links.ts';
import { UntrustedFile } from './untrusted-file.ts';

/** A file that somebody put into a watched folder. */
export interface Source {
  /** Of the file; where a link was followed, of what it leads to. */
  stats: BigIntStats;
  isLink: boolean;
  /** When its content, name or owner last changed, or the link to it, milliseconds since 1970-01-01 UTC. */
  changedAt: number;
}

/** One that is open for reading. To be closed. */
export interface OpenSource extends Source {
  file: OpenFile;
  /** By which it was opened, and in which it is best looked at again. */
  folder: Folder;
}

export interface SourceRules {
  /** FOLLOW_LINKS: links to regular files are followed, where the links' owners could read them. Links to folders never are. */
  followLinks: boolean;
}

/**
 * What is to be taken at a path below a watched folder; undefined where nothing is, or a link leads nowhere. Throws an
 * UntrustedFile where what is there is not to be taken: no regular file, a link that is not followed, somebody else's
 * file under a further name, a large one that is all holes.
 */
export async function lookAtSource(folder: Folder, relative: string, rules: SourceRules): Promise<Source | undefined> {
  const stats = await folder.look(relative);
  return stats && judgeSource(folder, relative, stats, rules);
}

/** The same, for what look() has told of it already; at once where that says all. */
export function judgeSource(
  folder: Folder,
  relative: string,
  stats: BigIntStats,
  rules: SourceRules,
): Source | Promise<Source | undefined> {
  if (stats.isSymbolicLink()) return lookThrough(folder, relative, stats, rules);
  if (!stats.isFile()) throw new UntrustedFile(join(folder.path, relative), 'not-a-file');
  demandTime(join(folder.path, relative), stats);
  const source = { stats, isLink: false, changedAt: Number(stats.ctimeMs) };
  const isPlain = stats.nlink === 1n && !seemsHollow(stats);
  return isPlain ? source : demandOwn(folder, relative, stats).then(() => source);
}

/** Opens it, under the same terms. Throws ENOENT, ENOTDIR or ELOOP where nothing is there. */
export async function openSource(folder: Folder, relative: string, rules: SourceRules): Promise<OpenSource> {
  try {
    return await openRegular(folder, relative);
  } catch (error) {
    if (!(error instanceof UntrustedFile) || error.reason !== 'link' || !rules.followLinks) throw error;
    return openThrough(folder, relative);
  }
}

/** The same at once, in a folder on a local file system: of what is mounted below it from elsewhere by threads after all. */
export async function openSourceNow(folder: Folder, relative: string, rules: SourceRules): Promise<OpenSource> {
  const source = await openSource(folder.atOnce, relative, rules);
  if (fileSystemKindOf(source.file.fd) === 'local') return source;
  await source.file.close();
  return openSource(folder, relative, rules);
}

async function openRegular(folder: Folder, relative: string): Promise<OpenSource> {
  const { file, stats } = await folder.openedFile(relative);
  try {
    if (stats.nlink > 1n || seemsHollow(stats)) await demandOwn(folder, relative, stats);
    return { file, folder, stats, isLink: false, changedAt: Number(stats.ctimeMs) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function lookThrough(
  folder: Folder,
  relative: string,
  link: BigIntStats,
  rules: SourceRules,
): Promise<Source | undefined> {
  if (!rules.followLinks) throw new UntrustedFile(join(folder.path, relative), 'link');
  try {
    return await reach(folder, relative, async ({ stats }) => {
      return { stats, isLink: true, changedAt: Math.max(Number(stats.ctimeMs), Number(link.ctimeMs)) };
    });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

function openThrough(folder: Folder, relative: string): Promise<OpenSource> {
  return reach(folder, relative, async destination => {
    const { stats } = destination;
    return { file: await openDestination(destination), folder, stats, isLink: true, changedAt: Number(stats.ctimeMs) };
  });
}

async function reach<T>(folder: Folder, relative: string, act: (destination: Destination) => Promise<T>): Promise<T> {
  // A link to a folder on the way is none that is followed.
  const destination = await folder.within(aboveOf(relative), above => followPath(above, nameOf(relative)));
  try {
    const { stats } = destination;
    demandTime(join(folder.path, relative), stats);
    if (stats.nlink > 1n) await demandKnownNames(join(folder.path, relative), stats, destination.folder);
    await demandContent(join(folder.path, relative), stats, destination.held.fd);
    return await act(destination);
  } finally {
    await destination.held.close();
  }
}

async function demandOwn(folder: Folder, relative: string, stats: BigIntStats): Promise<void> {
  const path = join(folder.path, relative);
  await folder.within(aboveOf(relative), async above => {
    if (stats.nlink > 1n) await demandKnownNames(path, stats, await above.stat());
    await demandContent(path, stats, above.descriptor);
  });
}

// The journal keeps what file systems can: 1901 (31 bits of seconds before 1970) to 2486 (XFS).
const FIRST_NS = -(2n ** 31n) * 1_000_000_000n;
const LAST_NS = 2n ** 64n + FIRST_NS;

function demandTime(path: string, { mtimeNs }: BigIntStats): void {
  if (mtimeNs < FIRST_NS || mtimeNs >= LAST_NS) throw new UntrustedFile(path, 'time');
}

/** `descriptor`: of something on the same file system. */
async function demandContent(path: string, stats: BigIntStats, descriptor: number): Promise<void> {
  if (seemsHollow(stats) && (await countsBlocks(descriptor))) throw new UntrustedFile(path, 'holes');
}

async function demandKnownNames(path: string, file: BigIntStats, folder: BigIntStats): Promise<void> {
  if (!mayHaveSeveralNames(file, folder, await areHardLinksProtected())) throw new UntrustedFile(path, 'several-names');
}

function aboveOf(relative: string): string {
  return relative.slice(0, Math.max(0, relative.lastIndexOf('/')));
}

function nameOf(relative: string): string {
  return relative.slice(relative.lastIndexOf('/') + 1);
}
