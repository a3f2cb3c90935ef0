import { mkdirSync } from 'node:fs';
import { systemClock } from './clock.ts';
import type { Environment } from './config/environment.ts';
import type { Journal } from './journal/journal.ts';
import { openSqliteJournal } from './journal/sqlite.ts';

/** The journal of the environment, beside whoever else has it open; DATA_DIR is made if missing. */
export function openJournal({ dataDir, journal }: Pick<Environment, 'dataDir' | 'journal'>): Journal {
  mkdirSync(dataDir, { recursive: true });
  return openSqliteJournal({ path: journal, clock: systemClock, aloneWhenFull: true });
}
