import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import type { Folder } from '../files/folder.ts';
import { judgeSource, type Source, type SourceRules } from '../files/source.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { type FileVersion, versionOf } from '../files/version.ts';
import { createYielder } from '../async/yielder.ts';
import { isTooDeep, type NameRules } from './names.ts';
import type { Refusal } from './refusals.ts';

/** A file that names allow to be taken. */
export interface ListedFile {
  /** Relative to WATCH_DIR, with `/`. */
  path: string;
  version: FileVersion;
  /** When its content, name or owner last changed, milliseconds since 1970-01-01 UTC. */
  changedAt: number;
  /** Device of the folder it is in, or null where no listing has told it yet. */
  device: number | null;
}

export interface Listing {
  /** Whether everything below the folder was read, without any error. */
  complete: boolean;
  /** Device of each folder that was read, by relative path. */
  devices: Map<string, number>;
  /** What could not be read, for people: the first few. */
  errors: string[];
  /** Names that are not UTF-8, escaped: they can't be written down. */
  illegible: string[];
  /** What is never taken though its name allows it: how many, and the first of them. */
  refused: Map<Refusal, { count: number; first: string }>;
  files: number;
}

export interface ListRequest {
  /** WATCH_DIR. */
  root: Folder;
  /** Where below it to begin; '' is WATCH_DIR. */
  folder: string;
  rules: NameRules & SourceRules;
  /** Some tens at a time, in the order of the folder. */
  onFiles(files: ListedFile[]): Promise<void> | void;
  signal: AbortSignal;
}

/** So many files are looked at at once: enough to keep the thread pool busy. */
const BATCH = 64;
const SHOWN_ERRORS = 3;
const REPLACEMENT = '\uFFFD';

/**
 * Walks a folder, streaming. Each folder is opened from the one above it and held while those below are walked, so that
 * what is swapped meanwhile leads nowhere; links to folders are not followed. Never throws for what it meets.
 */
export async function listFiles(request: ListRequest): Promise<Listing> {
  const walk = new Walk(request);
  await walk.enter(request.root, request.folder, request.folder);
  return walk.listing;
}

class Walk {
  readonly #request: ListRequest;
  readonly listing: Listing = {
    complete: true,
    devices: new Map(),
    errors: [],
    illegible: [],
    refused: new Map(),
    files: 0,
  };

  constructor(request: ListRequest) {
    this.#request = request;
  }

  /** `name` is looked up from `parent`, `path` from WATCH_DIR. */
  async enter(parent: Folder, name: string, path: string): Promise<void> {
    if (this.#request.signal.aborted) return this.#stop();
    try {
      await parent.within(name, folder => this.#walk(folder, path));
    } catch (error) {
      // A folder that went away, or is no folder any more, since its parent was read holds nothing; but a missing root
      // is no empty root.
      if (isGone(error) && path !== '') return;
      this.#fail(`folder ${join(this.#request.root.path, path)} can't be read`, error);
    }
  }

  async #walk(folder: Folder, path: string): Promise<void> {
    const folders = await this.#read(folder, path);
    for (const name of folders) await this.enter(folder, name, below(path, name));
  }

  /** Returns the names of the folders in it. */
  async #read(folder: Folder, path: string): Promise<string[]> {
    const { rules, signal } = this.#request;
    const device = Number((await folder.stat()).dev);
    this.listing.devices.set(path, device);
    const folders: string[] = [];
    let batch: string[] = [];
    let isIllegible = false;
    const breathe = createYielder();
    for await (const entry of await folder.entries()) {
      await breathe();
      const relative = below(path, entry.name);
      if (entry.name.includes(REPLACEMENT)) isIllegible = true;
      if (isTooDeep(relative)) this.#refuse('deep', relative);
      else if (entry.isDirectory()) {
        if (rules.refuseFolder(relative) === null) folders.push(entry.name);
      } else if (canBeFile(entry) && rules.refuseFile(relative) === null) {
        batch.push(entry.name);
      }
      if (batch.length >= BATCH) {
        await this.#lookAtAll(folder, path, batch, device);
        batch = [];
      }
      if (signal.aborted) break;
    }
    await this.#lookAtAll(folder, path, batch, device);
    if (isIllegible) this.listing.illegible.push(...(await illegibleNames(folder)));
    return folders;
  }

  async #lookAtAll(folder: Folder, path: string, names: string[], device: number): Promise<void> {
    const found = await Promise.all(names.map(name => this.#lookAt(folder, name)));
    const files: ListedFile[] = [];
    for (const [index, name] of names.entries()) {
      const source = found[index];
      if (source === undefined) continue;
      const relative = below(path, name);
      if (source instanceof Error) this.#report(relative, source);
      else files.push({ path: relative, version: versionOf(source.stats), changedAt: source.changedAt, device });
    }
    this.listing.files += files.length;
    if (files.length > 0) await this.#request.onFiles(files);
  }

  /** undefined: it is gone, or a link that leads nowhere. */
  async #lookAt(folder: Folder, name: string): Promise<Source | Error | undefined> {
    try {
      const stats = await folder.look(name);
      // Nearly always nothing more is to be waited for.
      const source = stats && judgeSource(folder, name, stats, this.#request.rules);
      return source instanceof Promise ? await source : source;
    } catch (error) {
      if (isGone(error)) return undefined;
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  #report(path: string, error: Error): void {
    if (!(error instanceof UntrustedFile)) {
      return this.#fail(`file ${join(this.#request.root.path, path)} can't be looked at`, error);
    }
    // Of what is no file at all names say enough.
    if (error.reason !== 'not-a-file') this.#refuse(error.reason, path);
  }

  #refuse(why: Refusal, path: string): void {
    const { count, first } = this.listing.refused.get(why) ?? { count: 0, first: path };
    this.listing.refused.set(why, { count: count + 1, first });
  }

  #fail(what: string, error: unknown): void {
    const { errors } = this.listing;
    this.listing.complete = false;
    if (errors.length < SHOWN_ERRORS) errors.push(`${what} (${codeOf(error) ?? messageOf(error)})`);
  }

  #stop(): void {
    this.listing.complete = false;
  }
}

/** Whether an error says that there is nothing under that path. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '');
}

function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Files, links to what may be one, and what the file system does not tell the type of. */
function canBeFile(entry: Dirent): boolean {
  return !(entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice());
}

async function illegibleNames(folder: Folder): Promise<string[]> {
  const illegible: string[] = [];
  for await (const name of folder.names()) {
    if (!Buffer.from(name.toString()).equals(name)) illegible.push(join(folder.path, escapeBytes(name)));
  }
  return illegible;
}

function escapeBytes(name: Buffer): string {
  return Array.from(name, byte =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}
