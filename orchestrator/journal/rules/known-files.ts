import type { KnownFile, KnownFilesPage } from '../journal.ts';
import { toFileVersion, type VersionColumns } from './run-row.ts';
import type { Tx } from './tx.ts';

interface KnownRow extends VersionColumns {
  path: string;
  present: number;
  doubted: string | null;
}

const DEFAULT_LIMIT = 1000;

/** The index of those present is named: SQLite would go through a million that are absent. */
const select = (index: string) => `SELECT files.path, present, size_bytes, token, folder AS doubted
  FROM files ${index} LEFT JOIN doubts ON doubts.dataset = files.dataset AND doubts.path = files.path`;

export function knownFiles(tx: Tx, dataset: string, page: KnownFilesPage): KnownFile[] {
  const { after = '', below = '', limit = DEFAULT_LIMIT } = page;
  const where = [
    'files.dataset = $dataset AND files.path > $from',
    // 0 is what follows the slash.
    below === '' ? '' : `AND files.path < $below || '0'`,
    page.present === true ? 'AND present = 1' : '',
  ];
  const start = below === '' ? '' : `${below}/`;
  const parameters = { dataset, from: after > start ? after : start, limit, ...(below === '' ? {} : { below }) };
  const from = select(page.present === true ? 'INDEXED BY files_present' : '');
  const sql = `${from} WHERE ${where.join(' ')} ORDER BY files.path LIMIT $limit`;
  return tx.all<KnownRow>(sql, parameters).map(toKnownFile);
}

export function knownAt(tx: Tx, dataset: string, paths: readonly string[]): Array<KnownFile | undefined> {
  const sql = `${select('')} WHERE files.dataset = $dataset AND files.path = $path`;
  return paths.map(path => {
    const row = tx.get<KnownRow>(sql, { dataset, path });
    return row && toKnownFile(row);
  });
}

function toKnownFile(row: KnownRow): KnownFile {
  return { path: row.path, present: row.present === 1, version: toFileVersion(row), doubted: row.doubted };
}
