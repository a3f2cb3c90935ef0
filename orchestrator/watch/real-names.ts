import type { BigIntStats } from 'node:fs';
import type { Folder } from '../files/folder.ts';
import { folderOf } from './names.ts';

/** For so long the names of a folder are believed. */
const NAMES_MS = 1000;

/**
 * On some file systems (vfat, exfat, ntfs, SMB, ext4 with casefold, those of macOS) one file answers to several names:
 * upper and lower case are the same there, or the two ways to write an accent. What was renamed from `sales.csv` to
 * `Sales.CSV` is found under both, and has but one.
 */
export class RealNames {
  /** Folders in which upper and lower case differ, as nearly everywhere: nothing more is asked there of plain names. */
  readonly #exact = new Set<string>();
  #listed: { folder: string; names: ReadonlySet<string>; at: number } | undefined;

  /** The path that a file has which was found at this one: the same, unless the folder has it under another name. */
  async of(root: Folder, path: string, stats: BigIntStats): Promise<string> {
    const folder = folderOf(path);
    const name = path.slice(folder === '' ? 0 : folder.length + 1);
    if (!(await this.#hasOthers(root, folder, name, stats))) return path;
    const names = await this.#namesIn(root, folder);
    if (names.has(name)) return path;
    const real = [...names].find(each => folded(each) === folded(name));
    return real === undefined ? path : below(folder, real);
  }

  async #hasOthers(root: Folder, folder: string, name: string, stats: BigIntStats): Promise<boolean> {
    const [swapped, ...forms] = [swapCase(name), name.normalize('NFC'), name.normalize('NFD')];
    for (const form of forms) if (form !== name && (await isAt(root, below(folder, form), stats))) return true;
    if (swapped === undefined || swapped === name || this.#exact.has(folder)) return false;
    if (await isAt(root, below(folder, swapped), stats)) return true;
    this.#exact.add(folder);
    return false;
  }

  async #namesIn(root: Folder, folder: string): Promise<ReadonlySet<string>> {
    const now = performance.now();
    if (this.#listed?.folder === folder && now - this.#listed.at < NAMES_MS) return this.#listed.names;
    const names = new Set<string>();
    await root.within(folder, async opened => {
      for await (const entry of await opened.entries()) names.add(entry.name);
    });
    this.#listed = { folder, names, at: now };
    return names;
  }
}

/** Whether it may be the same file: FUSE file systems give one file an inode for each name it is asked for by. */
async function isAt(root: Folder, path: string, { dev, size, mtimeNs }: BigIntStats): Promise<boolean> {
  const found = await root.look(path).catch(() => undefined);
  return found !== undefined && found.dev === dev && found.size === size && found.mtimeNs === mtimeNs;
}

function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function swapCase(name: string): string {
  return name.replaceAll(/\p{L}/gu, letter => {
    const lower = letter.toLowerCase();
    return letter === lower ? letter.toUpperCase() : lower;
  });
}
