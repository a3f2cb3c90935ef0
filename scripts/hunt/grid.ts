import fc from 'fast-check';
import type { Table } from './table.ts';

const NAMES = [
  'id',
  'nom',
  'ville',
  'prix',
  'date',
  'code postal',
  'note',
  'x',
  'lat',
  'Année',
  'total_amount',
  'été',
  'a.b',
  'Nb (2019)',
];
const WORDS = ['Paris', 'Lyon', 'été', 'Zoé', 'a b', 'x', 'New York', 'ÎLE', '日本', 'straße', 'N/A', '😀'];
/** Pieces of text that some format means something by. */
const PIECES = ['a', 'b c', ',', ';', '"', "'", '\n', '\t', '|', '<b>', '&', '\\', ' ', '#', '=1', 'é', ':', '{', ']'];

/** What a column holds; all cells but those that are empty are of this kind. */
const COLUMNS: ReadonlyArray<fc.Arbitrary<string>> = [
  fc.nat({ max: 100_000 }).map(String),
  fc
    .tuple(fc.integer({ min: -999, max: 999 }), fc.nat({ max: 99 }))
    .map(([whole, part]) => `${whole}.${part + 1}`.replace(/0+$/, '')),
  fc
    .date({ min: new Date('1990-01-01'), max: new Date('2030-12-31'), noInvalidDate: true })
    .map(date => date.toISOString().slice(0, 10)),
  fc.constantFrom(...WORDS),
  fc
    .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 })
    .map(pieces => pieces.join(''))
    .filter(text => text.trim() === text && text !== ''),
];

export interface GridOptions {
  /** Beyond plain words, in columns of text, what needs quotes or escapes. */
  hasPieces: boolean;
  minRows: number;
}

/** A table with names, of columns of one kind each; three of four have numbers in the first one. */
export function grids({ hasPieces, minRows }: GridOptions): fc.Arbitrary<Table> {
  const kinds = hasPieces ? COLUMNS : COLUMNS.slice(0, -1);
  const chosen = fc.array(fc.nat({ max: kinds.length - 1 }), { minLength: NAMES.length, maxLength: NAMES.length });
  const names = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 8 });
  return fc.tuple(names, chosen, fc.nat({ max: 3 })).chain(([header, kindOf, anyFirst]) => {
    const cells = header.map((_, column) => {
      const cell = kinds[column === 0 && anyFirst < 3 ? 0 : (kindOf[column] as number)] as fc.Arbitrary<string>;
      return column === 0 ? cell : fc.option(cell, { freq: 6, nil: null });
    });
    const rows = fc.array(fc.tuple(...cells), { minLength: minRows, maxLength: 30 });
    return rows.map(found => ({ header, rows: found }));
  });
}
