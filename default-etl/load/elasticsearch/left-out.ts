import { isDeepStrictEqual } from 'node:util';
import { type Batch, cellText } from '../../batch/batch.ts';
import { type DateShape, dateKind, secondPart, shapeNumber, shapeOf, ZERO_DATE } from '../../types/date-cell.ts';
import { isWrittenNumber } from '../../types/number-cell.ts';
import { isMissing } from '../../types/text-cell.ts';
import { WHOLE_TYPES } from './cut-fractions.ts';
import { formatText, takesIso } from './date-formats.ts';
import type { FileTypes } from '../../types/column-type.ts';
import { checkOf } from './field-check/check-of.ts';
import { dateFormatOf } from './field-check/date-readers.ts';
import type { FieldCheck } from './field-check/field-check.ts';
import type { FieldMapping } from './inferred-mapping.ts';

/** Their cells are still in the processor's cache when the next column is looked at. */
const ROWS_AT_ONCE = 256;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
/** `1.` and `.5` are numbers, `.` is none, nor is `-.`. */
const SHORTEST_DECIMAL = 3;

/** The field of a column, under the name that it has in the documents. */
export type FieldOf = (name: string) => FieldMapping | undefined;

/** Of more columns only how many they are is told. */
const MOST_COLUMNS = 8;
const MOST_SHOWN = 60;
const MOST_WRITTEN = 20;

/**
 * Of columns whose numbers are text in a new index, as a sentence for people; undefined where there are none. Those
 * that are `declared` are meant so.
 */
export function writtenNumbers(types: FileTypes, declared: Record<string, unknown>): string | undefined {
  const names = [...types].flatMap(([name, { isWrittenNumber: isWritten }]) =>
    isWritten && !Object.hasOwn(declared, name) ? [name] : [],
  );
  if (names.length === 0) return undefined;
  const shown = names.slice(0, MOST_WRITTEN);
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more columns` : '';
  return (
    `the numbers of ${shown.join(', ')}${more} have a comma for their decimals, or blanks: to Elasticsearch they are text, which it does not add up or sort as numbers. To make ` +
    `numbers of them add to TRANSFORM: - decimal_comma: [${shown.map(yamlName).join(', ')}], and load into a new index; LOAD.mappings can say keyword where text is meant`
  );
}

const OTHER_KINDS: Readonly<Record<string, string>> = {
  boolean: 'true and false',
  geo_point: 'positions',
  ip: 'IP addresses',
};

/** What a field left out. */
interface Column {
  name: string;
  field: FieldMapping;
  /** Of cells that are text, and of JSON values: each made with the first of them. */
  checks: Record<'text' | 'literal', FieldCheck | undefined>;
  /** Cells that say something. */
  values: number;
  leftOut: number;
  /** Of those left out, numbers with a decimal comma or blanks in them. */
  written: number;
  first: FirstCell | undefined;
}

interface FirstCell {
  row: number;
  text: string;
  /** False of a JSON number, true or false. */
  isText: boolean;
  date: DateShape | undefined;
  isDayFirst: boolean;
  /** There is no such day, or none that the field takes. */
  isImpossible: boolean;
}

/** A column as a header has it. */
interface Checked {
  column: Column;
  check: FieldCheck;
}

/**
 * Counts the values that Elasticsearch leaves out of their fields (`ignore_malformed`, `_ignored`): it says so in no
 * answer to a bulk request, and whoever fills an index may mostly not search it. What says that there is no value, `NA`
 * for one, is not counted.
 */
export class LeftOut {
  private fieldOf: FieldOf = () => undefined;
  private readonly columns = new Map<string, Column>();
  private headers = new WeakMap<readonly string[], Array<Checked | undefined>>();
  /** Names of the columns of which something was counted while the index was being made, and turned out otherwise. */
  private readonly recounted = new Set<string>();

  /** How the fields are. What was counted of a field stays, unless it turns out to be another one. */
  expect(fieldOf: FieldOf): void {
    this.fieldOf = fieldOf;
    for (const { name, field, values } of this.columns.values()) {
      if (isDeepStrictEqual(fieldOf(name), field)) continue;
      this.columns.delete(name);
      if (values > 0) this.recounted.add(name);
    }
    this.headers = new WeakMap();
  }

  /** `names`: of the columns in the documents. */
  see(batch: Batch, names: readonly string[]): void {
    const columns = this.columnsOf(batch, names);
    for (let from = 0; from < batch.rows; from += ROWS_AT_ONCE) {
      const to = Math.min(from + ROWS_AT_ONCE, batch.rows);
      for (let at = 0; at < columns.length; at++) {
        const checked = columns[at];
        if (checked) count(checked, batch, at, { from, to });
      }
    }
  }

  get total(): number {
    return this.found().reduce((sum, { leftOut }) => sum + leftOut, 0);
  }

  /** For people, a sentence for each column, the most first. */
  sentences(): string[] {
    const found = this.found().toSorted((one, other) => other.leftOut - one.leftOut);
    const others = found.slice(MOST_COLUMNS);
    const sum = others.reduce((total, { leftOut }) => total + leftOut, 0);
    return [
      ...found.slice(0, MOST_COLUMNS).map(column => sentenceOf(column, this.recounted.has(column.name))),
      ...(others.length > 0
        ? [`${sum} values of ${others.length} more columns were left out of their fields, too`]
        : []),
    ];
  }

  private found(): Column[] {
    return [...this.columns.values()].filter(({ leftOut }) => leftOut > 0);
  }

  private columnsOf({ header, literals }: Batch, names: readonly string[]): Array<Checked | undefined> {
    const known = this.headers.get(header);
    if (known) return known;
    const columns = names.map((name, at) => {
      const column = this.columnOf(name);
      const isLiteral = literals?.[at] ?? false;
      const check = column && (column.checks[isLiteral ? 'literal' : 'text'] ??= checkOf(column.field, isLiteral));
      return column && check && { column, check };
    });
    this.headers.set(header, columns);
    return columns;
  }

  private columnOf(name: string): Column | undefined {
    const known = this.columns.get(name);
    if (known) return known;
    const field = this.fieldOf(name);
    if (!field) return undefined;
    const checks = { text: undefined, literal: undefined };
    const column = { name, field, checks, values: 0, leftOut: 0, written: 0, first: undefined };
    this.columns.set(name, column);
    return column;
  }
}

/**
 * Each cell of the file comes by here: 0.1 s of CPU for the flights of 2013, 336,776 rows × 19 (two busy cores, 30
 * November 2026).
 */
function count({ column, check }: Checked, batch: Batch, at: number, { from, to }: { from: number; to: number }): void {
  const { bytes, starts, ends, width } = batch;
  const { bytes: few, digits, point, fits } = check;
  let values = 0;
  for (let row = from, cell = from * width + at; row < to; row++, cell += width) {
    const start = starts[cell] as number;
    const end = ends[cell] as number;
    // Null, absent and empty cells are of every type.
    if (start < 0 || end <= start) continue;
    values++;
    if (end - start <= few || (digits > 0 && isSureNumber(bytes, start, end, digits, point))) continue;
    if (!fits(bytes, start, end)) values -= leaveOut({ column, check }, batch, row, at);
  }
  column.values += values;
}

function isSureNumber(bytes: Buffer, start: number, end: number, digits: number, point: boolean): boolean {
  let byte = bytes[start] as number;
  let position = byte === MINUS ? start + 1 : start;
  if (position === end || end - position > digits) return false;
  while (position < end && (byte = bytes[position] as number) >= ZERO && byte <= NINE) position++;
  if (position === end) return true;
  if (!point || byte !== POINT || end - start < SHORTEST_DECIMAL) return false;
  position++;
  while (position < end && (byte = bytes[position] as number) >= ZERO && byte <= NINE) position++;
  return position === end;
}

/** Returns 1 where the cell says that there is no value, else 0. */
function leaveOut({ column, check }: Checked, batch: Batch, row: number, at: number): 0 | 1 {
  const cell = row * batch.width + at;
  const [start, end] = [batch.starts[cell] as number, batch.ends[cell] as number];
  if (isMissing(batch.bytes, start, end) || dateKind(batch.bytes, start, end) === ZERO_DATE) return 1;
  column.leftOut++;
  if (isWrittenNumber(batch.bytes, start, end)) column.written++;
  column.first ??= firstOf(batch, row, at, check);
  return 0;
}

function firstOf(batch: Batch, row: number, at: number, { isImpossible }: FieldCheck): FirstCell {
  const cell = row * batch.width + at;
  const kind = dateKind(batch.bytes, batch.starts[cell] as number, batch.ends[cell] as number);
  const text = cellText(batch, row, at) ?? '';
  return {
    row: batch.numbers[row] as number,
    text: shortened(text),
    isText: !batch.literals?.[at],
    date: kind < 0 ? undefined : shapeOf(shapeNumber(kind)),
    isDayFirst: kind >= 0 && secondPart(kind) <= 12,
    isImpossible: isImpossible(text),
  };
}

function shortened(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** `isLeast`: what was seen before the field was known is not in the numbers. */
function sentenceOf(column: Column, isLeast: boolean): string {
  const { name, field, values, leftOut, first } = column;
  return (
    `${isLeast ? 'at least ' : ''}${leftOut} of ${values} values of ${name} were left out of the field, which takes ${kindOf(field)}: the first is ` +
    `"${first?.text}" in row ${first?.row}. The documents have them, but searches, charts and sums by ${name} do not; ${remedyOf(column)}`
  );
}

function kindOf(field: FieldMapping): string {
  const { type, ignore_above: most } = field;
  if (isDate(field)) {
    const years = type === 'date_nanos' ? ', from 1970 to 2262' : '';
    return `dates as ${formatText(dateFormatOf(field))}${years}`;
  }
  if (type === 'keyword') return `up to ${String(most)} characters`;
  if (isNumber(field)) return `numbers (${String(type)}${takesText(field) ? '' : ', and no text: coerce is false'})`;
  return OTHER_KINDS[String(type)] as string;
}

function isDate({ type }: FieldMapping): boolean {
  return type === 'date' || type === 'date_nanos';
}

function isNumber(field: FieldMapping): boolean {
  return !isDate(field) && field['type'] !== 'keyword' && !Object.hasOwn(OTHER_KINDS, String(field['type']));
}

function takesText({ coerce }: FieldMapping): boolean {
  return String(coerce) !== 'false';
}

function remedyOf({ name, field, leftOut, written, first }: Column): string {
  const column = yamlName(name);
  if (isNumber(field) && !takesText(field) && first?.isText) {
    const type = WHOLE_TYPES.has(String(field['type'])) ? 'integer' : 'number';
    return `to mend it add to TRANSFORM: - types: { columns: { ${column}: ${type} } }`;
  }
  if (isNumber(field) && written * 2 > leftOut) return `to mend it add to TRANSFORM: - decimal_comma: [${column}]`;
  if (first?.isImpossible) return 'there is no such day, or none that the field takes, which only the file can mend';
  if (isDate(field)) {
    const format = first?.date && takesIso(dateFormatOf(field)) ? directivesOf(first.date, first.isDayFirst) : '';
    if (format !== '')
      return `to mend it add to TRANSFORM: - parse_dates: { columns: [${column}], format: '${format}' }`;
    return 'the step parse_dates can write them alike, and a new index takes the dates of its first file, and those of ISO 8601';
  }
  return 'a step of TRANSFORM can write them alike, or LOAD.mappings of a new index can say another type';
}

/** As the option `format` of parse_dates has it; empty where it can't be said so, as with a zone or a fraction. */
function directivesOf(
  { yearFirst, separator, between, hasSeconds, fraction, zone }: DateShape,
  isDayFirst: boolean,
): string {
  if (fraction > 0 || zone !== '') return '';
  const order = yearFirst ? ['%Y', '%m', '%d'] : isDayFirst ? ['%d', '%m', '%Y'] : ['%m', '%d', '%Y'];
  const time = between === '' ? '' : `${between}%H:%M${hasSeconds ? ':%S' : ''}`;
  return order.join(separator) + time;
}

/** In quotes where it needs them. */
function yamlName(name: string): string {
  return /^[A-Za-z_][\w]*$/.test(name) ? name : `'${name.replaceAll("'", "''")}'`;
}
