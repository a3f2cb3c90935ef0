import type { BigIntStats, Dirent } from 'node:fs';
import { opendir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import { type FileVersion, versionOf } from '../journal/journal.ts';
import type { NameRules } from './names.ts';

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
  files: number;
}

export interface ListRequest {
  /** WATCH_DIR, absolute. */
  root: string;
  /** Where below it to begin; '' is WATCH_DIR. */
  folder: string;
  rules: NameRules;
  onFile(file: ListedFile): void;
  signal: AbortSignal;
}

/** So many stats are under way at once: enough to keep the thread pool busy. */
const BATCH = 64;
const SHOWN_ERRORS = 3;
const REPLACEMENT = '\uFFFD';

/** Walks a folder, streaming. Symbolic links to files are followed, links to folders are not. Never throws for what it meets. */
export async function listFiles(request: ListRequest): Promise<Listing> {
  const listing: Listing = { complete: true, devices: new Map(), errors: [], illegible: [], files: 0 };
  const folders = [request.folder];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (request.signal.aborted) return { ...listing, complete: false };
    try {
      await listFolder(request, folder, listing, folders);
    } catch (error) {
      // A folder that went away since its parent was read holds nothing, but a missing root is no empty root.
      if (codeOf(error) === 'ENOENT' && folder !== '') continue;
      fail(listing, `folder ${join(request.root, folder)} can't be read`, error);
    }
  }
  return listing;
}

async function listFolder(request: ListRequest, folder: string, listing: Listing, folders: string[]): Promise<void> {
  const path = join(request.root, folder);
  const device = (await stat(path)).dev;
  listing.devices.set(folder, device);
  let batch: string[] = [];
  let illegible = false;
  for await (const entry of await opendir(path, { bufferSize: 1024 })) {
    const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.name.includes(REPLACEMENT)) illegible = true;
    if (entry.isDirectory()) {
      if (request.rules.refuseFolder(relative) === null) folders.push(relative);
    } else if (canBeFile(entry) && request.rules.refuseFile(relative) === null) {
      batch.push(relative);
    }
    if (batch.length >= BATCH) {
      await statBatch(request, batch, device, listing);
      batch = [];
    }
    if (request.signal.aborted) break;
  }
  await statBatch(request, batch, device, listing);
  if (illegible) listing.illegible.push(...(await illegibleNames(path)));
}

async function statBatch(request: ListRequest, paths: string[], device: number, listing: Listing): Promise<void> {
  const found = await Promise.all(paths.map(path => statOrError(join(request.root, path))));
  for (const [index, path] of paths.entries()) {
    const stats = found[index];
    if (stats === undefined) continue;
    if (stats instanceof Error) {
      fail(listing, `file ${join(request.root, path)} can't be looked at`, stats);
    } else if (stats.isFile()) {
      listing.files += 1;
      request.onFile({ path, version: versionOf(stats), changedAt: Number(stats.ctimeMs), device });
    }
  }
}

/** undefined: it is gone, or a link that leads nowhere. */
async function statOrError(path: string): Promise<BigIntStats | Error | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** Whether an error says that there is nothing under that path. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '');
}

/** Files, links to what may be one, and what the file system does not tell the type of. */
function canBeFile(entry: Dirent): boolean {
  return !(entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice());
}

function fail(listing: Listing, what: string, error: unknown): void {
  listing.complete = false;
  if (listing.errors.length < SHOWN_ERRORS) listing.errors.push(`${what} (${codeOf(error) ?? messageOf(error)})`);
}

async function illegibleNames(folder: string): Promise<string[]> {
  const names = await readdir(folder, { encoding: 'buffer' });
  return names.filter(name => !Buffer.from(name.toString()).equals(name)).map(name => join(folder, escapeBytes(name)));
}

function escapeBytes(name: Buffer): string {
  return Array.from(name, byte =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}
