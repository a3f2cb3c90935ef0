import { type Batch, cellText } from '../../batch/batch.ts';
import { documentId } from '../../contract/protocol.ts';
import { configFailure, neverFailure } from '../../contract/failure.ts';
import type { WriteAction } from './bulk-request.ts';
import { TEXT_WORD_BYTES, viewOf, wordJson } from './words.ts';

const ZERO = 48;
const NINE = 57;
const ROW_DIGITS = 10;
const MAX_ROW = 10 ** ROW_DIGITS - 1;
/** With LOAD.id the version is VERSION × 10^8 + row. */
const ROWS_PER_VERSION = 100_000_000;
/** Of Elasticsearch. */
const HIGHEST_VERSION = 2n ** 63n;
const MAX_ID_BYTES = 512;

/**
 * `{"index":{"_id":"<FILE_KEY>-<row>",…}}`: the same bytes for each row but for the digits, which are counted up where
 * they stand, since rows mostly follow one another.
 */
export function rowAction(fileKey: string, version: number): WriteAction {
  // rule 4: every row carries VERSION
  const line = actionLine('index', documentId(fileKey, 0), String(version));
  const length = Buffer.byteLength(line);
  const text = Buffer.alloc(Math.ceil(length / TEXT_WORD_BYTES) * TEXT_WORD_BYTES);
  text.write(line);
  const words = viewOf(text);
  const lastDigit = text.indexOf('","version"') - 1;
  let former = -1;
  return (batch, row, target, at) => {
    const number = batch.numbers[row] as number;
    if (number > MAX_ROW) throw neverFailure(`row ${number}: ids have ${ROW_DIGITS} digits for the row`);
    if (number === former + 1) countUp(text, lastDigit);
    else text.write(String(number).padStart(ROW_DIGITS, '0'), lastDigit + 1 - ROW_DIGITS);
    former = number;
    const { view } = target;
    for (let word = 0; word < length; word += TEXT_WORD_BYTES)
      view.setFloat64(at + word, words.getFloat64(word, true), true);
    return at + length;
  };
}

function countUp(text: Buffer, lastDigit: number): void {
  let digit = lastDigit;
  for (; text[digit] === NINE; digit--) text[digit] = ZERO;
  text[digit] = (text[digit] as number) + 1;
}

/** LOAD.id: the id is the key columns' values, the version the file's and then the row's, so that the later row wins. */
export function keyAction(columns: readonly string[], version: number): WriteAction {
  const positions = new WeakMap<readonly string[], number[]>();
  const base = baseOf(version);
  return (batch, row, target, at) => {
    const number = batch.numbers[row] as number;
    // rule 4: LOAD.id: more rows than fit are an error
    if (number >= ROWS_PER_VERSION) {
      throw neverFailure(`row ${number}: with LOAD.id a file may have at most ${ROWS_PER_VERSION - 1} rows; split it`);
    }
    const known = positions.get(batch.header) ?? keyPositions(columns, batch);
    positions.set(batch.header, known);
    const id = keyId(known.map(position => (position < 0 ? undefined : cellText(batch, row, position))));
    if (id === undefined) return -1;
    // rule 4: LOAD.id: the version is of VERSION and row, as text
    return at + target.body.write(actionLine('index', id, String(base + BigInt(number))), at);
  };
}

/** `{"delete":{"_id":…}}` and a line end. */
export function deleteAction(fileKey: string, row: number, version: number): string {
  // rule 4: every deletion carries VERSION
  return actionLine('delete', documentId(fileKey, row), String(version));
}

/** The versions's digits are written as text: they may exceed 2^53. */
function actionLine(operation: 'index' | 'delete', id: string, version: string): string {
  // rule 4: an equal version writes again
  return `{"${operation}":{"_id":${wordJson(id)},"version":${version},"version_type":"external_gte"}}\n`;
}

function baseOf(version: number): bigint {
  const base = BigInt(version) * BigInt(ROWS_PER_VERSION);
  if (base + BigInt(ROWS_PER_VERSION) < HIGHEST_VERSION) return base;
  throw configFailure(
    `VERSION ${version} is more than versions of LOAD.id can be made of, because a clock was once set beyond 2049: give the dataset’s YAML another name, so that its versions begin anew`,
  );
}

function keyPositions(columns: readonly string[], batch: Batch): number[] {
  return columns.map(column => {
    const position = batch.header.indexOf(column);
    return position >= 0 ? position : batch.header.indexOf(column.trim().toUpperCase());
  });
}

/**
 * Values joined by `|`, in which a backslash comes before each `|` and backslash of a value; a hash where that is too
 * long for an id.
 */
export function keyId(values: ReadonlyArray<string | null | undefined>): string | undefined {
  // rule 4: LOAD.id: a null key is a reject
  if (values.some(value => value === null || value === undefined)) return undefined;
  const id = values.map(value => (value as string).replace(/[\\|]/g, '\\$&')).join('|');
  if (Buffer.byteLength(id) <= MAX_ID_BYTES) return id;
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `sha256:${createHash('sha256').update(id).digest('base64url')}`;
}
