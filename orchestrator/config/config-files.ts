import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
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
import { compose, type Mistake, ofFile } from './messages.ts';
import { type Places, shownPath } from './places.ts';
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

/** Its file lies under every dataset; in lower case. */
export const DEFAULTS_NAME = '_defaults';

const YAML_ENDINGS = ['.yaml', '.yml'];

/** Whether a file of CONFIG_DIR is read: its ending counts, whatever its case. */
export function isConfigName(name: string): boolean {
  return YAML_ENDINGS.includes(extname(name).toLowerCase()) && !name.startsWith('.');
}

/** The room of a reading that begins now. */
export function roomOfAll(deadlineMs: number): AllRoom {
  const room = { bytes: ALL_BYTES, values: ALL_VALUES, characters: ALL_CHARACTERS };
  return { room, deadline: performance.now() + deadlineMs };
}

class TooManyFiles extends Error {}

/** The YAML files in CONFIG_DIR by name; throws where it can't be listed, or holds too many. */
export function listFiles(context: Places): ConfigFile[] {
  const names = readdirSync(context.configDir).filter(isConfigName);
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

/** What is said where the files can't be listed. */
export function unlistable({ configDir, root }: Places, error: unknown): Mistake {
  const shown = shownPath(configDir, root);
  return error instanceof TooManyFiles
    ? ofFile(shown, null, 'too-many-files', MOST_FILES)
    : ofFile(shown, null, 'unreadable-file', codeOf(error) ?? messageOf(error));
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
  const all = [ALL_BYTES / 2 ** 20, ALL_VALUES, Math.round(ALL_CHARACTERS / 2 ** 20), ALL_DEADLINE_MS / 1000] as const;
  return ofFile(shown, name, 'no-room', ...all);
}
