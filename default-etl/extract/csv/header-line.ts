import type { Decision } from '../../contract/protocol.ts';
import { areDifferentWords } from '../table/cell-kind.ts';
import { isSureOfNames } from '../table/header.ts';
import { preambleDecision } from '../table/preamble.ts';
import type { TablePlace } from '../table/table-place.ts';
import { type HeadRecord, headRecords } from './head.ts';
import type { Dialect } from './marks.ts';
import { USUAL } from './trial.ts';

/**
 * The place of a table whose names another delimiter cuts than its rows: `id,name` right above `1;Paul`. Each column
 * has a name then, which no other one has. `head`: the bytes of the records. The same place for any other table.
 */
export function withHeaderLine(
  place: TablePlace,
  {
    records,
    rows,
    head,
    dialect,
  }: { records: readonly HeadRecord[]; rows: readonly HeadRecord[]; head: Buffer; dialect: Dialect },
): TablePlace {
  const at = placeOfLine(place, rows);
  const [record, next] = [records[at], records[at + 1]];
  if (record === undefined || next === undefined) return place;
  const line = head.subarray(record.start, next.start);
  for (const delimiter of [...USUAL, ' ']) {
    const names = namesIn(line, { ...dialect, delimiter: Buffer.from(delimiter), skipsBlanks: delimiter === ' ' });
    if (delimiter !== dialect.delimiter.toString() && areNames(names, place.rowWidth))
      return {
        ...place,
        above: at,
        headerRows: 1,
        names,
        width: names.length,
        decisions: decisionsOf(place, rows, at, names),
      };
  }
  return place;
}

/** -1 for none. */
function placeOfLine(
  { above, headerRows, names, rowWidth, decisions }: TablePlace,
  rows: readonly HeadRecord[],
): number {
  const isSingle = (at: number) => rows[at]?.cells.length === 1 && rows[at + 1]?.linesBefore === 0;
  if (rowWidth < 2 || names !== undefined) return -1;
  if (headerRows === 1 && isSingle(above)) return above;
  const isSure = decisions.some(isSureOfNames);
  return above > 0 && headerRows < 2 && !isSure && isSingle(above - 1) ? above - 1 : -1;
}

function namesIn(line: Buffer, dialect: Dialect): string[] {
  const [record] = headRecords({ bytes: line, isWhole: true }, dialect);
  // Of blanks those around quotes alone tell: a title has as many words as a table has columns now and then.
  const isTold = dialect.delimiter.toString() !== ' ' || /(^| )"[^"]*"( |\s*$)/.test(line.toString('latin1'));
  return record?.isClean === true && isTold ? [...record.cells] : [];
}

function areNames(names: readonly string[], width: number): boolean {
  return names.length === width && areDifferentWords(names) && !names.some(name => name.startsWith(' '));
}

function decisionsOf({ decisions }: TablePlace, rows: readonly HeadRecord[], at: number, names: string[]): Decision[] {
  const others = decisions.filter(({ name }) => name !== 'header' && name !== 'skip_rows');
  const line = rows[at]?.line ?? 1;
  const reason = `line ${line} has a name for each column where another delimiter than that of the rows separates them; EXTRACT.skip_rows: ${line} with EXTRACT.header says otherwise`;
  const above = preambleDecision(rows, at, 'line');
  return [
    ...(above === undefined ? [] : [above]),
    { name: 'header', value: names, confidence: 0.7, reason },
    ...others,
  ];
}
