import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { identityReadableBy } from './as-user.ts';
import type { Folder } from './folder.ts';
import { libc } from '../libc.ts';
import { asNoFile, OPEN } from './reach.ts';
import { UntrustedFile } from './untrusted-file.ts';

/** What a path with links on it leads to. */
export interface Destination {
  /** A regular file, held, but not open for reading: openDestination() opens it. To be closed. */
  held: FileHandle;
  stats: BigIntStats;
  /** Of the folder it is in. */
  folder: BigIntStats;
  /** Absolute, without links. */
  path: string;
}

/** As the kernel (path_resolution(7)). */
const MOST_LINKS = 40;
const MOST_LINK_BYTES = 4096;

/**
 * Follows a path that has links on it, relative to a folder, to a regular file that each user of whom a link on the way
 * is could have read himself: so nobody is led to what he could not have copied. Throws an UntrustedFile where that
 * can't be said, and what open(2) throws where nothing is there. What it gives is that very file, whatever is put in
 * its place or on the way to it meanwhile. Linux only.
 */
export async function followPath(folder: Folder, relative: string): Promise<Destination> {
  const path = join(folder.path, relative);
  if (process.platform !== 'linux') throw new UntrustedFile(path, 'link');
  const walk = new Walk(path, await open(descriptor(folder.descriptor), OPEN.place));
  try {
    const destination = await walk.to(relative);
    await demandReadable(walk, destination).catch(async (error: unknown) => {
      await destination.held.close();
      throw error;
    });
    return destination;
  } finally {
    await walk.at.close();
  }
}

/** Opens it for reading. To be closed, as the destination is. */
export function openDestination({ held }: Destination): Promise<FileHandle> {
  return open(descriptor(held.fd), OPEN.anyFile);
}

/** From one folder to the next, each held while the next is looked up. */
class Walk {
  at: FileHandle;
  /** Users of whom a link on the way is. */
  readonly owners = new Set<number>();
  readonly path: string;
  #links = 0;

  constructor(path: string, at: FileHandle) {
    this.path = path;
    this.at = at;
  }

  async to(relative: string): Promise<Destination> {
    const names = relative.split('/');
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (name === '' || name === '.') continue;
      const next = await open(`${descriptor(this.at.fd)}/${name}`, OPEN.thing).catch((error: unknown) => {
        throw asNoFile(error, this.path);
      });
      const stats = await next.stat({ bigint: true });
      if (stats.isSymbolicLink()) names.unshift(...(await this.#textOf(next, stats)));
      else if (stats.isDirectory()) await this.#enter(next);
      else return this.#arrive(next, stats, names);
    }
    throw new UntrustedFile(this.path, 'not-a-file');
  }

  async #arrive(held: FileHandle, stats: BigIntStats, names: string[]): Promise<Destination> {
    if (stats.isFile() && names.length === 0) {
      return { held, stats, folder: await this.at.stat({ bigint: true }), path: await readlink(descriptor(held.fd)) };
    }
    await held.close();
    throw new UntrustedFile(this.path, 'not-a-file');
  }

  async #enter(folder: FileHandle): Promise<void> {
    await this.at.close();
    this.at = folder;
  }

  /** A link with several names may have been made by somebody else than who gave it the one it has here. */
  async #textOf(link: FileHandle, { uid, nlink }: BigIntStats): Promise<string[]> {
    try {
      this.#links += 1;
      if (this.#links > MOST_LINKS) throw new UntrustedFile(this.path, 'link');
      if (nlink > 1n) throw new UntrustedFile(this.path, 'several-names');
      this.owners.add(Number(uid));
      const text = await readLinkText(link.fd);
      if (text.startsWith('/')) await this.#enter(await open('/', OPEN.place));
      return text.split('/');
    } finally {
      await link.close();
    }
  }
}

async function demandReadable({ path, owners }: Walk, destination: Destination): Promise<void> {
  const own = process.geteuid?.();
  const others = [...owners].filter(uid => uid !== 0 && uid !== own);
  if (others.length > 0 && own !== 0) throw new UntrustedFile(path, 'link-unjudged');
  const { dev, ino } = destination.stats;
  for (const uid of others) {
    if ((await identityReadableBy(uid, destination.path)) !== `${dev}:${ino}`) {
      throw new UntrustedFile(path, 'link-owner');
    }
  }
}

/** Of the link itself that is held: by its name another one might be read. */
async function readLinkText(descriptorOfLink: number): Promise<string> {
  const readlinkat = libc().func(
    'intptr_t readlinkat(int folder, const char *name, _Out_ uint8_t *text, size_t bytes)',
  );
  const text = Buffer.alloc(MOST_LINK_BYTES);
  const length = await promisify<number, string, Buffer, number, number>(readlinkat.async)(
    descriptorOfLink,
    '',
    text,
    text.length,
  );
  return length < 0 ? '' : text.toString('utf8', 0, length);
}

function descriptor(number: number): string {
  return `/proc/self/fd/${number}`;
}
