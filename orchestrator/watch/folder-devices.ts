import { folderOf } from './names.ts';

/**
 * On which device each file was when this process saw it last: what its folder is on, but for files that were seen in a
 * folder that has become another since some of its files were seen.
 */
export class FolderDevices {
  readonly #folders = new Map<string, number>();
  readonly #others = new Map<string, number | null>();

  /** A file was seen; null where the device of its folder is not known. */
  note(path: string, device: number | null): void {
    const folder = folderOf(path);
    const known = this.#folders.get(folder);
    if (known === undefined && device !== null) this.#folders.set(folder, device);
    if ((known ?? device) === device) this.#others.delete(path);
    else this.#others.set(path, device);
  }

  /** null where it was not seen. */
  of(path: string): number | null {
    const other = this.#others.get(path);
    return other === undefined ? (this.#folders.get(folderOf(path)) ?? null) : other;
  }

  /** Every file that is known is where a listing found its folder, or was told to be absent. */
  listed(devices: ReadonlyMap<string, number>): void {
    for (const path of this.#others.keys()) this.#renew(folderOf(path), devices);
    this.#others.clear();
  }

  /** What was seen in a folder, and below it, may be on any device. */
  forget(folder: string): void {
    const isBelow = (path: string) => folder === '' || path === folder || path.startsWith(`${folder}/`);
    for (const each of this.#folders.keys()) if (isBelow(each)) this.#folders.delete(each);
    for (const path of this.#others.keys()) if (isBelow(path)) this.#others.delete(path);
  }

  #renew(folder: string, devices: ReadonlyMap<string, number>): void {
    const device = devices.get(folder);
    if (device === undefined) this.#folders.delete(folder);
    else this.#folders.set(folder, device);
  }
}
