import type { ChangePlace, EndedPage } from '../journal.ts';
import type { Tx } from './tx.ts';

const BEGINNING: ChangePlace = { changed: 0, seq: 0 };

interface Looked {
  changed: number;
  seq: number;
  hasEnded: number;
}

/** Of each change the place alone: of a million runs that wait none is read whole. */
const LOOK = ['changed', 'end_change']
  .map(
    place => `SELECT * FROM (
      SELECT ${place} AS changed, seq, ended_at IS NOT NULL AS hasEnded FROM runs
      WHERE ${place} >= $changed AND (${place} > $changed OR seq > $seq) ${place === 'changed' ? 'AND end_change IS NULL' : ''}
      ORDER BY ${place}, seq LIMIT $most)`,
  )
  .join(' UNION ALL ');

export function endedBehind(tx: Tx, place: ChangePlace, most: number): EndedPage {
  const { changed, seq } = place;
  const looked = tx.all<Looked>(`${LOOK} ORDER BY changed, seq LIMIT $most`, { changed, seq, most });
  const ended = looked.filter(({ hasEnded }) => hasEnded === 1).map(found => found.seq);
  const last = looked.at(-1);
  return {
    runs: tx.selectRuns('seq IN (SELECT value FROM json_each($ended)) ORDER BY coalesce(end_change, changed), seq', {
      ended: JSON.stringify(ended),
    }),
    next: last === undefined ? place : { changed: last.changed, seq: last.seq },
    isLast: looked.length < most,
  };
}

export function toldTo(tx: Tx, reader: string): ChangePlace {
  const row = tx.get<ChangePlace>('SELECT changed, seq FROM told WHERE reader = $reader', { reader });
  return row === undefined ? BEGINNING : { changed: row.changed, seq: row.seq };
}

export function setTold(tx: Tx, reader: string, { changed, seq }: ChangePlace): void {
  const sql = `INSERT INTO told (reader, changed, seq) VALUES ($reader, $changed, $seq)
    ON CONFLICT DO UPDATE SET changed = excluded.changed, seq = excluded.seq`;
  tx.execute(sql, { reader, changed, seq });
}
