import type { Doubted, FileVersion, KnownFile } from '../journal/journal.ts';
import { isSameBesidesInode, versionKey } from './version.ts';

interface Known {
  present: boolean;
  /** Of the version the journal has, or null where it has none. */
  key: string | null;
  /** Device of its folder when it was last seen by this process, else null. */
  device: number | null;
  /** Number of the listing during or after which it was last seen. */
  seenIn: number;
  /** Whether it was then what the journal has: as large, and as old. */
  asBefore: boolean;
}

/** What the journal knows of a dataset's paths, as this process last heard, and when each was last seen. */
export class KnownFiles {
  readonly #files = new Map<string, Known>();
  /** By path, the folder because of which it is doubted. */
  #doubts = new Map<string, string>();

  constructor(files: KnownFile[], doubts: Doubted[]) {
    for (const { path, present, version } of files) {
      const key = version && versionKey(version);
      this.#files.set(path, { present, key, device: null, seenIn: 0, asBefore: false });
    }
    this.setDoubts(doubts);
  }

  /** What the journal doubts. A file that no longer is may be on another device than it was. */
  setDoubts(doubts: Doubted[]): void {
    const now = new Map(doubts.map(({ path, folder }) => [path, folder]));
    for (const path of this.#doubts.keys()) {
      const known = now.has(path) ? undefined : this.#files.get(path);
      if (known) known.device = null;
    }
    this.#doubts = now;
  }

  get hasDoubts(): boolean {
    return this.#doubts.size > 0;
  }

  isDoubted(path: string): boolean {
    return this.#doubts.has(path);
  }

  /** Folders in which a doubted file was seen again, as it was, since this listing began. */
  recognized(listing: number): Set<string> {
    const folders = new Set<string>();
    for (const [path, folder] of this.#doubts) {
      const known = this.#files.get(path);
      if (known?.asBefore && known.seenIn >= listing) folders.add(folder);
    }
    return folders;
  }

  /** The file is there. Returns whether this version of it is news to the journal. */
  see(path: string, version: FileVersion, device: number | null, listing: number): boolean {
    const known = this.#files.get(path);
    if (!known) return true;
    known.seenIn = listing;
    known.device = device;
    known.asBefore = known.present && known.key !== null && isSameBesidesInode(known.key, version);
    return !known.present || known.key !== versionKey(version);
  }

  /** The journal has it in this version. */
  record(path: string, version: FileVersion, device: number | null, listing: number): void {
    this.#files.set(path, { present: true, key: versionKey(version), device, seenIn: listing, asBefore: false });
  }

  /** The journal has it as no longer there. */
  forget(path: string): void {
    const known = this.#files.get(path);
    if (known) known.present = false;
  }

  /** The journal has it, in no version: what is there is news. */
  forgetVersion(path: string): void {
    const known = this.#files.get(path);
    if (known) known.key = null;
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
