import { readdirSync, statSync } from 'node:fs';
import { basename, extname, isAbsolute, join, relative } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import {
  ALL_BYTES,
  ALL_CHARACTERS,
  ALL_DEADLINE_MS,
  ALL_VALUES,
  MOST_CHARACTERS,
  MOST_FILE_BYTES,
  MOST_FILES,
  MOST_VALUES,
} from './bounds.ts';
import { compose, type Mistake } from './messages.ts';
import type { Places } from './places.ts';
import type { Room } from './tree.ts';

/** One YAML file, with its name as a dataset's. */
export interface ConfigFile {
  name: string;
  path: string;
  shown: string;
  size: number;
}

/** What is left for all files of one reading. */
export interface AllRoom {
  room: Room & { bytes: number };
  /** By performance.now(). */
  deadline: number;
}

const YAML_ENDINGS = ['.yaml', '.yml'];

/** The room of a reading that begins now. */
export function roomOfAll(deadlineMs: number): AllRoom {
  const room = { bytes: ALL_BYTES, values: ALL_VALUES, characters: ALL_CHARACTERS };
  return { room, deadline: performance.now() + deadlineMs };
}

class TooManyFiles extends Error {}

/** The YAML files in CONFIG_DIR by name; throws where it can't be listed, or holds too many. */
export function listFiles(context: Places): ConfigFile[] {
  const names = readdirSync(context.configDir).filter(
    name => YAML_ENDINGS.includes(extname(name)) && !name.startsWith('.'),
  );
  if (names.length > MOST_FILES) throw new TooManyFiles(compose('too-many-files', MOST_FILES));
  return names.sort().map(name => {
    const path = join(context.configDir, name);
    return { name: basename(name, extname(name)), path, shown: shownPath(path, context.root), size: sizeOf(path) };
  });
}

/** Of what can't be looked at nothing: reading it says why. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** Relative to the project's root where it lies below. */
export function shownPath(path: string, root: string): string {
  const fromRoot = relative(root, path);
  return fromRoot.startsWith('..') || isAbsolute(fromRoot) ? path : fromRoot;
}

/** What is said where the files can't be listed. */
export function unlistable({ configDir, root }: Places, error: unknown): Mistake {
  const place = { file: shownPath(configDir, root), line: 1, column: 1, dataset: null, severity: 'error' } as const;
  return error instanceof TooManyFiles
    ? { ...place, code: 'too-many-files', message: error.message }
    : { ...place, code: 'unreadable-file', message: compose('unreadable-file', codeOf(error) ?? messageOf(error)) };
}

/** Whether all that a file may take is left. */
export function hasRoom({ size }: ConfigFile, forDefaults: Room, { room, deadline }: AllRoom): boolean {
  return (
    (size > MOST_FILE_BYTES || room.bytes >= size) &&
    room.values >= MOST_VALUES + forDefaults.values &&
    room.characters >= MOST_CHARACTERS + forDefaults.characters &&
    performance.now() < deadline
  );
}

/** What is said of a file for which there is no room. */
export function withoutRoom({ name, shown }: ConfigFile): Mistake {
  const code = 'no-room';
  const all = [ALL_BYTES / 2 ** 20, ALL_VALUES, Math.round(ALL_CHARACTERS / 2 ** 20), ALL_DEADLINE_MS / 1000] as const;
  return { severity: 'error', code, dataset: name, file: shown, line: 1, column: 1, message: compose(code, ...all) };
}
