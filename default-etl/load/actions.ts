import { type Batch, cellText } from '../batch.ts';
import { documentId } from '../protocol.ts';
import { neverFailure } from '../failure.ts';
import type { WriteAction } from './bulk-request.ts';
import { wordJson, wordTable, writeWords } from './words.ts';

const ROW_DIGITS = 10;
const MAX_ROW = 10 ** ROW_DIGITS - 1;
/** With LOAD.id the version is VERSION × 10^8 + row. */
const ROWS_PER_VERSION = 100_000_000;
const MAX_ID_BYTES = 512;

/** `{"index":{"_id":"<FILE_KEY>-<row>",…}}`: the same bytes for each row but for the digits. */
export function rowAction(fileKey: string, version: number): WriteAction {
  const template = Buffer.from(actionLine('index', documentId(fileKey, 0), String(version)));
  const words = wordTable([template.toString()]);
  const lastDigit = template.indexOf('","version"') - 1;
  return (batch, row, target, at) => {
    const number = batch.numbers[row] as number;
    if (number > MAX_ROW) throw neverFailure(`row ${number}: ids have ${ROW_DIGITS} digits for the row`);
    const end = writeWords(words, 0, target.view, at);
    let rest = number;
    for (let digit = at + lastDigit; rest > 0; digit--) {
      const tenth = Math.floor(rest / 10);
      target.body[digit] = 48 + (rest - tenth * 10);
      rest = tenth;
    }
    return end;
  };
}

/** LOAD.id: the id is the key columns' values, the version the file's and then the row's, so that the later row wins. */
export function keyAction(columns: readonly string[], version: number): WriteAction {
  const positions = new WeakMap<readonly string[], number[]>();
  const base = BigInt(version) * BigInt(ROWS_PER_VERSION);
  return (batch, row, target, at) => {
    const number = batch.numbers[row] as number;
    if (number >= ROWS_PER_VERSION) {
      throw neverFailure(`row ${number}: with LOAD.id a file may have at most ${ROWS_PER_VERSION - 1} rows; split it`);
    }
    const known = positions.get(batch.header) ?? keyPositions(columns, batch);
    positions.set(batch.header, known);
    const id = keyId(known.map(position => (position < 0 ? undefined : cellText(batch, row, position))));
    if (id === undefined) return -1;
    return at + target.body.write(actionLine('index', id, String(base + BigInt(number))), at);
  };
}

/** `{"delete":{"_id":…}}` and a line end. */
export function deleteAction(fileKey: string, row: number, version: number): string {
  return actionLine('delete', documentId(fileKey, row), String(version));
}

/** The versions's digits are written as text: they may exceed 2^53. */
function actionLine(operation: 'index' | 'delete', id: string, version: string): string {
  return `{"${operation}":{"_id":${wordJson(id)},"version":${version},"version_type":"external_gte"}}\n`;
}

function keyPositions(columns: readonly string[], batch: Batch): number[] {
  return columns.map(column => {
    const position = batch.header.indexOf(column);
    return position >= 0 ? position : batch.header.indexOf(column.trim().toUpperCase());
  });
}

/** Values joined by `|`, in which a backslash comes before each `|` and backslash of a value; a hash where that is too long for an id. */
export function keyId(values: ReadonlyArray<string | null | undefined>): string | undefined {
  if (values.some(value => value === null || value === undefined)) return undefined;
  const id = values.map(value => (value as string).replace(/[\\|]/g, '\\$&')).join('|');
  if (Buffer.byteLength(id) <= MAX_ID_BYTES) return id;
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `sha256:${createHash('sha256').update(id).digest('base64url')}`;
}
