import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { journalConformance } from '../conformance/conformance.ts';
import type { OpenJournal } from '../conformance/hand.ts';
import { openSqliteJournal } from './sqlite-journal.ts';

async function openTemporary(): Promise<OpenJournal> {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  const open = () => openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
  return { journal: open(), again: async () => open(), remove: () => rm(folder, { recursive: true }) };
}

journalConformance('SQLite', openTemporary);
