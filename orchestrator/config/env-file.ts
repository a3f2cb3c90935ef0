import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import { parseEnvFile } from './environment.ts';

/** What a folder's `.env` sets. */
export interface EnvFile {
  variables: Readonly<Record<string, string>>;
  /** Why it can't be read, in a sentence for people; null where it was, or where there is none. */
  mistake: string | null;
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

export function readEnvFile(folder: string): EnvFile {
  const path = join(folder, '.env');
  try {
    return { variables: parseEnvFile(readFileSync(path, 'utf8')), mistake: null };
  } catch (error) {
    return { variables: {}, mistake: ABSENT.has(codeOf(error) ?? '') ? null : mistakeOf(path, error) };
  }
}

function mistakeOf(path: string, error: unknown): string {
  const advice =
    codeOf(error) === 'EACCES'
      ? `; give it to the user who starts the orchestrator (chown ${process.geteuid?.()} ${path}), or type the command as the user whose it is`
      : '';
  return `the settings in ${path} can’t be read (${messageOf(error)})${advice}`;
}
