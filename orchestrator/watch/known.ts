import { createYielder } from '../async/yielder.ts';
import type { Journal, KnownFile } from '../journal/journal.ts';
import { isSameVersion, mtimeNsOf } from '../files/version.ts';
import { FolderDevices } from './folder-devices.ts';
import type { ListedFile } from './listing.ts';
import { folderOf } from './names.ts';
import { PathSet } from './path-set.ts';

/** So many paths are asked about together. */
const BATCH = 64;
/**
 * So many are told together: a thousand, which outlive what comes and goes meanwhile, made the heap grow by 100 MB
 * until they were cleared.
 */
const PAGE = 128;

/**
 * What the journal knows of a dataset's paths, asked when it is needed: there may be millions. What is kept here is
 * which of them the listing that goes on has met, and on which device each folder was.
 */
export class KnownFiles {
  readonly #dataset: string;
  readonly #journal: Pick<Journal, 'knownAt' | 'knownFiles'>;
  readonly devices = new FolderDevices();
  /** Seen since the listing began that goes on; null between listings. */
  #seen: PathSet | null = null;
  /** Since the last listing began: of each folder, and each reason to doubt, one file that was seen as it was. */
  readonly #asBefore = new Map<string, string>();
  #suspects: readonly string[] = [];

  constructor(dataset: string, journal: Pick<Journal, 'knownAt' | 'knownFiles'>) {
    this.#dataset = dataset;
    this.#journal = journal;
  }

  /**
   * Because of which the journal doubts files. Those of a folder that no longer is one may be on another device than
   * they were.
   */
  setSuspects(folders: readonly string[]): void {
    for (const folder of this.#suspects) if (!folders.includes(folder)) this.devices.forget(folder);
    this.#suspects = folders;
  }

  /** Folders because of which a file is doubted that was seen again, as it was, since the last listing began. */
  async recognized(): Promise<Set<string>> {
    const folders = new Set<string>();
    const paths = [...this.#asBefore.values()];
    for (let from = 0; from < paths.length; from += BATCH) {
      const known = await this.at(paths.slice(from, from + BATCH));
      for (const file of known) if (file !== undefined && file.doubted !== null) folders.add(file.doubted);
    }
    return folders;
  }

  beginListing(): void {
    this.#seen = new PathSet();
    this.#asBefore.clear();
  }

  endListing(): void {
    this.#seen = null;
  }

  /** These files are there. Returns of each whether this version of it is news to the journal. */
  async see(files: readonly ListedFile[]): Promise<boolean[]> {
    const known = await this.at(files.map(({ path }) => path));
    return files.map((file, index) => {
      this.saw(file.path, file.device);
      return this.#compare(file, known[index]);
    });
  }

  /** The same of one that the journal need not be asked about. */
  saw(path: string, device: number | null): void {
    this.#seen?.add(path);
    this.devices.note(path, device);
  }

  at(paths: readonly string[]): Promise<Array<KnownFile | undefined>> {
    return this.#journal.knownAt(this.#dataset, paths);
  }

  async isPresent(path: string): Promise<boolean> {
    const [known] = await this.at([path]);
    return known?.present === true;
  }

  /** Paths that the journal has as present, and that were not seen since the listing began. */
  async *missed(): AsyncGenerator<string[]> {
    for await (const paths of this.below('')) yield paths.filter(path => this.#seen?.has(path) !== true);
  }

  /** Present paths below a folder; '' is WATCH_DIR. */
  async *below(folder: string): AsyncGenerator<string[]> {
    const breathe = createYielder();
    for (let after: string | undefined = ''; after !== undefined; ) {
      const request = { present: true, below: folder, after, limit: PAGE } as const;
      const paths: string[] = (await this.#journal.knownFiles(this.#dataset, request)).map(({ path }) => path);
      if (paths.length > 0) yield paths;
      await breathe();
      after = paths.length < PAGE ? undefined : paths.at(-1);
    }
  }

  #compare({ path, version }: ListedFile, known: KnownFile | undefined): boolean {
    if (known === undefined || !known.present) return true;
    // One that was restored has another inode.
    const isAsBefore =
      known.version?.sizeBytes === version.sizeBytes && mtimeNsOf(known.version) === mtimeNsOf(version);
    const key = `${known.doubted ?? '\0'}\0${folderOf(path)}`;
    if (isAsBefore && !this.#asBefore.has(key)) this.#asBefore.set(key, path);
    return !isSameVersion(known.version, version);
  }
}
