import { mkdirSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import type { Journal } from './journal.ts';
import { openSqliteJournal } from './sqlite/sqlite-journal.ts';

/** Opens the journal (path) beside whoever else has it open; DATA_DIR is made if missing. */
export function openJournal({ dataDir, journal }: { dataDir: string; journal: string }): Journal {
  mkdirSync(dataDir, { recursive: true });
  return openSqliteJournal({ path: journal, clock: systemClock, aloneWhenFull: true });
}
