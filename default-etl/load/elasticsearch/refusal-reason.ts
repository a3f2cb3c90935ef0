import { type ItemError, itemReason } from './connection.ts';
import { formatText } from './date-formats.ts';

/** What Elasticsearch says may hold the whole cell, several times. */
const MOST_ORIGINAL = 600;
const MOST_VALUE = 80;

export const ROUTING_MISSING = 'routing_missing_exception';

const WHOLE_NUMBER = 'a whole number';
const NUMBER = 'a number, with a point for its decimals';
const DECIMAL_COMMA = /^[-+]?\d[\d\s]*,\d+$/;
const DATE = 'a date';
const EXPECTED: Readonly<Record<string, string>> = {
  long: WHOLE_NUMBER,
  integer: WHOLE_NUMBER,
  short: WHOLE_NUMBER,
  byte: WHOLE_NUMBER,
  unsigned_long: WHOLE_NUMBER,
  double: NUMBER,
  float: NUMBER,
  half_float: NUMBER,
  scaled_float: NUMBER,
  date: DATE,
  date_nanos: DATE,
  boolean: 'true or false',
  ip: 'an IP address',
  geo_point: 'a position such as "48.85, 2.35"',
};

/**
 * Why Elasticsearch refused a row, for the people who mend it: the column, its value, what is expected, and behind it,
 * in brackets, what Elasticsearch said. Where it said something that is not known here, that alone. Elasticsearch 9.5
 * words it as the tests show.
 */
export function refusalReason(error: ItemError): string {
  const original = shortened(itemReason(error), MOST_ORIGINAL);
  const plain = tooLongTerm(error) ?? newColumn(error) ?? unfitValue(error) ?? ruleOfIndex(error);
  return plain === undefined ? original : `${plain} (Elasticsearch: ${original})`;
}

/** Whether another value would do; else the index takes no row that is made like this one. */
export function isOfValue(error: ItemError): boolean {
  return (tooLongTerm(error) ?? unfitValue(error)) !== undefined;
}

function unfitValue({ reason, caused_by: cause }: ItemError): string | undefined {
  const parts = /failed to parse field \[(.*?)\] of type \[(\w+)\](?:.*?Preview of field's value: '(.*)')?/s.exec(
    reason ?? '',
  );
  if (!parts) return undefined;
  const [, field, type = '', preview] = parts;
  if (preview === undefined) return `column ${field}: the value ${unfitness(type, cause?.reason ?? '')}`;
  const value = `"${shortened(preview, MOST_VALUE)}"`;
  if (EXPECTED[type] === NUMBER && DECIMAL_COMMA.test(preview))
    return `column ${field}: ${value} has a comma for its decimals; the step decimal_comma makes a number of it`;
  return `column ${field}: ${value} ${unfitness(type, cause?.reason ?? '')}`;
}

function unfitness(type: string, cause: string): string {
  if (/ is out of range for /.test(cause)) return `is too large for a field of type ${type}`;
  if (/supports only finite values/.test(cause)) return `is no number that a field of type ${type} can hold`;
  const format = /with format \[(.*)\]/s.exec(cause)?.[1];
  if (format !== undefined) return `is not a date as the index expects it: ${formatText(format)}`;
  const expected = EXPECTED[type];
  return expected === undefined ? `does not fit a field of type ${type}` : `is not ${expected}`;
}

/** What holds for each row, whatever is in it. */
function ruleOfIndex({ type, reason: said }: ItemError): string | undefined {
  const reason = said ?? '';
  if (type === ROUTING_MISSING)
    return 'the index takes only documents with a routing (_routing: {required: true}), and rows have none; its mapping, or the index template that it is made by, must not ask for one';
  const alias = /Cannot write to a field alias \[(.*?)\]/.exec(reason)?.[1];
  if (alias !== undefined)
    return `column ${alias}: the index has it as an alias of another field, to which nothing can be written; rename the column by the step rename`;
  const object = /object mapping for \[(.*?)\] tried to parse field .* as object/.exec(reason)?.[1];
  if (object !== undefined)
    return `column ${object}: the index has an object of that name, and a column is none; rename the column by the step rename`;
  return undefined;
}

function newColumn({ type, reason }: ItemError): string | undefined {
  if (type !== 'strict_dynamic_mapping_exception') return undefined;
  const field = /dynamic introduction of \[(.*)\] within/s.exec(reason ?? '')?.[1];
  return field === undefined
    ? undefined
    : `column ${field}: the index takes no new columns (dynamic: strict); name it in LOAD.mappings, or leave it out by the step drop`;
}

function tooLongTerm(error: ItemError): string | undefined {
  const parts = /immense term in field="(.*?)" .*?max length (\d+)/s.exec(
    error.caused_by?.reason ?? error.reason ?? '',
  );
  if (!parts) return undefined;
  return `column ${parts[1]}: the value is longer than the ${Number(parts[2]).toLocaleString('en')} bytes that a keyword takes; its mapping can have ignore_above, or the type text`;
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
