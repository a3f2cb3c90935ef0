// What each step means, a row at a time, as plainly as it can be said. The steps do the same on batches of bytes; a
// property test holds them to this.
import { trimBlanks } from './blanks.ts';
import type { Condition } from './condition.ts';

/** A key for each column, in their order: text, or null, or undefined where the row does not have it (JSON). */
export type PlainRow = Record<string, Value | undefined>;

/** Returns the row changed, or null where it is filtered. Throws where it is a reject. */
export type PlainStep = (row: PlainRow) => PlainRow | null;

type Value = string | null;
type OnError = 'keep' | 'null' | 'reject';

/** By the name of the step; each gets the step's options, columns in full. */
export const DEFINITIONS = {
  minimal: (): PlainStep => row =>
    renamed(
      mapValues(row, Object.keys(row), value => (value === '' ? null : value)),
      name => name.trim().toUpperCase(),
    ),

  header:
    (change: 'upper' | 'lower'): PlainStep =>
    row =>
      renamed(row, name => (change === 'upper' ? name.trim().toUpperCase() : name.trim().toLowerCase())),

  rename:
    (map: Record<string, string>): PlainStep =>
    row =>
      renamed(row, name => map[name] ?? name),

  strip:
    (columns: string[]): PlainStep =>
    row =>
      mapValues(row, columns, value => value && trimBlanks(value)),

  /** `{a: b}`: each is looked for in the value as it was. */
  replace:
    (columns: string[], text: Record<string, string | null>): PlainStep =>
    row =>
      mapValues(row, columns, before =>
        Object.entries(text).reduce<Value>((value, [sought, replacement]) => {
          if (value === null || !before?.includes(sought)) return value;
          return replacement === null ? null : value.split(sought).join(replacement);
        }, before),
      ),

  null_values:
    (columns: string[], values: string[]): PlainStep =>
    row =>
      mapValues(row, columns, value => (value !== null && values.includes(value) ? null : value)),

  decimal_comma:
    (columns: string[], onError: OnError): PlainStep =>
    row =>
      mapValues(row, columns, value => converted(value, decimalWithPoint, onError)),

  integer:
    (columns: string[], onError: OnError): PlainStep =>
    row =>
      mapValues(row, columns, value => converted(value, wholeNumber, onError)),

  drop:
    (columns: string[]): PlainStep =>
    row =>
      Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name))),

  select:
    (columns: string[]): PlainStep =>
    row =>
      Object.fromEntries(columns.flatMap(name => (name in row ? [[name, row[name]]] : []))),

  /** The template as a list: text, or the name of a column. */
  add:
    (name: string, template: Array<{ text: string } | { column: string }>): PlainStep =>
    row => {
      const parts = template.map(part => ('text' in part ? part.text : (row[part.column] ?? null)));
      return { ...row, [name]: parts.includes(null) ? null : parts.join('') };
    },

  filter:
    (condition: Condition): PlainStep =>
    row =>
      meets(row, condition) ? row : null,

  deduplicate: (columns: string[] | 'all'): PlainStep => {
    const seen = new Set<string>();
    return row => {
      const names = Object.keys(row)
        .filter(name => row[name] !== undefined)
        .sort();
      const key = JSON.stringify(
        names.filter(name => columns === 'all' || columns.includes(name)).map(name => [name, row[name]]),
      );
      if (seen.has(key)) return null;
      seen.add(key);
      return row;
    };
  },

  /** The reference as a map of keys to its other columns. */
  merge:
    (on: string, how: 'inner' | 'left', reference: Record<string, PlainRow>, columns: string[]): PlainStep =>
    row => {
      const key = row[on];
      const found = key ? reference[key] : undefined;
      if (!found && how === 'inner') return null;
      const added = columns.map(name => [name in row ? `${name}_y` : name, found?.[name] || null]);
      return { ...row, ...Object.fromEntries(added) };
    },
};

function mapValues(row: PlainRow, columns: string[], change: (value: Value) => Value): PlainRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value !== undefined && columns.includes(name) ? change(value) : value,
    ]),
  );
}

/** Of equal names the last column wins, where the row has it. */
function renamed(row: PlainRow, rename: (name: string) => string): PlainRow {
  const values = new Map<string, Value | undefined>();
  for (const [name, value] of Object.entries(row)) {
    const former = values.get(rename(name));
    values.delete(rename(name));
    values.set(rename(name), value === undefined ? former : value);
  }
  return Object.fromEntries(values);
}

function converted(value: Value, convert: (text: string) => string | undefined, onError: OnError): Value {
  if (value === null) return null;
  const text = trimBlanks(value);
  if (text === '') return null;
  const made = convert(text);
  if (made !== undefined) return made;
  if (onError === 'reject') throw new Error(`${value} does not fit`);
  return onError === 'keep' ? value : null;
}

/** Sign, digits in groups of three or all together, a decimal mark with digits, an exponent. */
const FRENCH_NUMBER =
  /^([+\-\u2212]?)(\d+|\d{1,3}(?:\s\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:'\d{3})+)?(?:([.,])(\d*))?([eE][+-]?\d+)?$/;

function decimalWithPoint(text: string): string | undefined {
  const points = text.split('.').length - 1;
  const isGrouped = text.includes(',') || points > 1;
  // Without a comma, a single point is a decimal point, and no sign of a group.
  const found = FRENCH_NUMBER.exec(isGrouped ? text : text.replace('.', ','));
  if (!found) return undefined;
  const [, sign = '', whole = '', mark, fraction = '', exponent = ''] = found;
  if (mark === '.' || whole + fraction === '') return undefined;
  return `${sign === '' || sign === '+' ? '' : '-'}${whole.replace(/[\s.']/g, '') || '0'}${fraction && `.${fraction}`}${exponent}`;
}

function wholeNumber(text: string): string | undefined {
  return /^[+-]?\d+(\.0*)?$/.test(text) ? String(BigInt(text.replace('+', '').split('.')[0] as string)) : undefined;
}

function meets(row: PlainRow, condition: Condition): boolean {
  const { column = '', equals, in: among, matches, empty, at_least: least, less_than: below, and, or, not } = condition;
  const value = row[column];
  const isText = typeof value === 'string';
  return (
    (equals === undefined || value === equals) &&
    (among === undefined || (isText && among.includes(value))) &&
    (matches === undefined || (isText && new RegExp(matches, 'u').test(value))) &&
    (empty === undefined || !value === empty) &&
    (least === undefined || (isText && isAtLeast(value, least))) &&
    (below === undefined || (isText && isBelow(value, below))) &&
    (and === undefined || and.every(inner => meets(row, inner))) &&
    (or === undefined || or.some(inner => meets(row, inner))) &&
    (not === undefined || !meets(row, not))
  );
}

function isAtLeast(value: string, bound: number | string): boolean {
  return typeof bound === 'number' ? value.trim() !== '' && Number(value) >= bound : value >= bound;
}

function isBelow(value: string, bound: number | string): boolean {
  return typeof bound === 'number' ? value.trim() !== '' && Number(value) < bound : value < bound;
}
