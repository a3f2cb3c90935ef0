import type { FileVersion, KnownFile } from '../journal/journal.ts';
import { versionKey } from './version.ts';

interface Known {
  present: boolean;
  /** Of the version the journal has, or null where it has none. */
  key: string | null;
  /** Device of its folder when it was last seen by this process, else null. */
  device: number | null;
  /** Number of the listing during or after which it was last seen. */
  seenIn: number;
}

/** What the journal knows of a dataset's paths, as this process last heard, and when each was last seen. */
export class KnownFiles {
  readonly #files = new Map<string, Known>();

  constructor(files: KnownFile[]) {
    for (const { path, present, version } of files) {
      this.#files.set(path, { present, key: version && versionKey(version), device: null, seenIn: 0 });
    }
  }

  /** The file is there. Returns whether this version of it is news to the journal. */
  see(path: string, version: FileVersion, device: number | null, listing: number): boolean {
    const known = this.#files.get(path);
    if (!known) return true;
    known.seenIn = listing;
    known.device = device;
    return !known.present || known.key !== versionKey(version);
  }

  /** The journal has it in this version. */
  record(path: string, version: FileVersion, device: number | null, listing: number): void {
    this.#files.set(path, { present: true, key: versionKey(version), device, seenIn: listing });
  }

  /** The journal has it as no longer there. */
  forget(path: string): void {
    const known = this.#files.get(path);
    if (known) known.present = false;
  }

  isPresent(path: string): boolean {
    return this.#files.get(path)?.present === true;
  }

  /** Device of the folder of a path that was seen by this process, else null. */
  device(path: string): number | null {
    return this.#files.get(path)?.device ?? null;
  }

  /** Paths that the journal has as present, and that were last seen before this listing began. */
  *missedBy(listing: number): Generator<string> {
    for (const [path, known] of this.#files) if (known.present && known.seenIn < listing) yield path;
  }

  /** Present paths below a folder. */
  *below(folder: string): Generator<string> {
    for (const [path, known] of this.#files) if (known.present && path.startsWith(`${folder}/`)) yield path;
  }
}
