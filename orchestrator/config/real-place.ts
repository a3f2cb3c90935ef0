import { readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { realPathOf } from './places.ts';

/** Where a folder is, by whatever links and mounts its path leads there. */
export interface RealPlace {
  /** As its path is with all links followed. */
  realPath: string;
  /** The file system that it is on; where several mounts show the same one, the same text. */
  fileSystem: string;
  /** Within that file system. */
  inner: string;
}

interface Mount {
  /** Where it is seen. */
  point: string;
  fileSystem: string;
  /** Which folder of the file system it shows. */
  root: string;
}

/** How folders are mounted at this moment: by bind mounts one folder has several paths. */
export class MountTable {
  /** As the kernel has it; empty where there is none. */
  readonly text: string;
  readonly #mounts: readonly Mount[];

  private constructor(text: string) {
    this.text = text;
    this.#mounts = text.split('\n').flatMap(line => parseMount(line) ?? []);
  }

  /** Of systems without /proc links alone are known. */
  static read(): MountTable {
    try {
      return new MountTable(readFileSync('/proc/self/mountinfo', 'utf8'));
    } catch {
      return new MountTable('');
    }
  }

  /** Of a folder that isn't there yet: where it would be. */
  placeOf(path: string): RealPlace {
    // rule 8: whatever links lead there
    const realPath = realPathOf(path);
    const mount = this.#mountAt(realPath);
    return { realPath, fileSystem: mount.fileSystem, inner: join(mount.root, relative(mount.point, realPath)) };
  }

  /**
   * All real paths below a folder (and it itself) by which a place is reached, or the ends of paths that lead into it
   * from there.
   */
  waysInto(folder: RealPlace, place: RealPlace): string[] {
    const roots = [folder, ...this.#mountedBelow(folder.realPath)];
    const ways = roots.flatMap(root => {
      if (root.fileSystem !== place.fileSystem) return [];
      if (root !== folder && isBelow(root.inner, place.inner)) return [root.realPath];
      if (!isBelow(place.inner, root.inner)) return [];
      const way = join(root.realPath, relative(root.inner, place.inner));
      // Something else may be mounted over it.
      return this.#mountAt(way).fileSystem === place.fileSystem && isSameFolder(way, place.realPath) ? [way] : [];
    });
    return [...new Set(ways)];
  }

  #mountedBelow(realPath: string): RealPlace[] {
    return this.#mounts
      .filter(
        mount => mount.point !== realPath && isBelow(mount.point, realPath) && this.#mountAt(mount.point) === mount,
      )
      .map(({ point, fileSystem, root }) => ({ realPath: point, fileSystem, inner: root }));
  }

  /** What was mounted last is seen. */
  #mountAt(realPath: string): Mount {
    let found: Mount = { point: '/', fileSystem: '', root: '/' };
    for (const mount of this.#mounts) {
      if (mount.point.length >= found.point.length && isBelow(realPath, mount.point)) found = mount;
    }
    return found;
  }
}

/** Whether two paths lead to the same place, now or once something is there. */
export function isSamePlace(one: string, other: string): boolean {
  if (one === other) return true;
  const mounts = MountTable.read();
  const [first, second] = [mounts.placeOf(one), mounts.placeOf(other)];
  return first.fileSystem === second.fileSystem && first.inner === second.inner;
}

/** Whether a place is another one, or below it. */
export function isPlaceWithin(place: RealPlace, other: RealPlace): boolean {
  return place.fileSystem === other.fileSystem && isBelow(place.inner, other.inner);
}

/** For thousands of paths, all absolute and plain. */
function isBelow(path: string, folder: string): boolean {
  if (!path.startsWith(folder)) return false;
  return path.length === folder.length || folder.endsWith('/') || path[folder.length] === '/';
}

/**
 * Two mounts of a network file system may show different folders of it by the same numbers. What isn't there yet can't
 * be compared.
 */
function isSameFolder(one: string, other: string): boolean {
  const [first, second] = [one, other].map(path => statSync(path, { throwIfNoEntry: false, bigint: true }));
  return !first || !second || (first.dev === second.dev && first.ino === second.ino);
}

/** proc(5): `36 35 98:0 /root /point options … - type source options`. */
function parseMount(line: string): Mount | undefined {
  const [before = '', after = ''] = line.split(' - ');
  const [, , numbers, root, point] = before.split(' ');
  const [type = '', source = ''] = after.split(' ');
  if (numbers === undefined || root === undefined || point === undefined) return undefined;
  // Of these the kernel says `/` whatever folder of the server it shows (nfs_show_path).
  const server = /^(nfs|cifs|smb|fuse)/.test(type) ? ` ${source}` : '';
  return { point: unescape(point), fileSystem: numbers + server, root: unescape(root) };
}

/** Blanks, tabs, line ends and backslashes are written in octal. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}
