import type { Decision } from '../../contract/protocol.ts';
import { columnNames } from '../table/column-names.ts';
import { headerOf } from './array-header.ts';
import type { ArrayTable } from './array-rows.ts';
import { startsBulk } from './bulk-rows.ts';
import { doubtOf } from './doubts.ts';
import { findList } from './list-path.ts';
import { isObject, sampleOf } from './value-sample.ts';
import { endInHead, INCOMPLETE, skipSpace } from './scanner.ts';
import { findShape, listsOf, MORE, type TableShape } from './table-shape.ts';

const OPEN_ARRAY = 91;
const OPEN_OBJECT = 123;
const COMMA = 44;
const LF = 10;

/** How the records stand in the text. */
export interface Layout {
  /** Keys that lead from the document to the list of records; none where the document itself is the records. */
  path: readonly string[];
  /** Each line is a record by itself, and one that is no JSON a reject; else values follow each other, in a list or not. */
  isLines: boolean;
  records: Records;
}

/**
 * What the records are: objects · GeoJSON's features (RFC 7946), of which the properties count · lists of values ·
 * members of an object, which a column may name · documents of Elasticsearch's bulk API behind their actions · columns
 * of an object, as objects or lists: the text has to be read whole.
 */
export type Records =
  | { kind: 'objects' | 'features' | 'bulk' }
  | { kind: 'arrays'; table: ArrayTable }
  | { kind: 'members'; keyColumn: string | undefined }
  | { kind: 'columns'; hasKeys: boolean };

export interface FindLayoutOptions {
  /** The text's beginning, in UTF-8, and whether that is all of it. */
  head: Buffer;
  isWhole: boolean;
  /** How much of a document that is one object is looked at for a table that is no list of objects. */
  shapeBytes: number;
  /** By its name each line is a record. */
  isLines: boolean;
  /** EXTRACT.record_path. */
  path: readonly string[] | undefined;
  /** EXTRACT.header: of records that are lists. */
  header: boolean | readonly string[] | undefined;
}

/** How a text is read, and why. */
export interface Found {
  layout: Layout;
  decisions: Decision[];
}

/** What rows are called that stand under names, as pandas calls it. */
export const INDEX = 'index';
/** What a file of lines must show to be none. */
const SURE = 0.9;
/** How sure a layout is that something speaks against. */
const DOUBTFUL = 0.5;
/** Lists that are looked at for the names of their columns. */
const MOST_LISTS = 200;

/** What the head shows, and what EXTRACT.record_path says. MORE where more of it has to be looked at. */
export function findLayout(options: FindLayoutOptions): Found | typeof MORE {
  const { head, path } = options;
  const isLines = options.isLines && !goesOverLines(head);
  const decisions = isLines === options.isLines ? [] : [NO_LINES];
  if (path !== undefined) return saidLayout(options, path, isLines, decisions);
  if (startsWithFeature(head)) return { layout: { path: [], isLines, records: { kind: 'features' } }, decisions };
  if (startsBulk(head)) {
    const isInLines = head[skipSpace(head, 0, head.length)] === OPEN_OBJECT && !goesOverLines(head);
    return { layout: { path: [], isLines: isInLines, records: { kind: 'bulk' } }, decisions: [...decisions, BULK] };
  }
  const table = tableLayout(options);
  if (table === MORE) return MORE;
  if (table) return { layout: table.layout, decisions: [...decisions, ...table.decisions] };
  if (isLines)
    return { layout: { path: [], isLines, records: { kind: 'objects' } }, decisions: [...decisions, ...wrapper(head)] };
  const { decision, isFeatures, path: found } = findList(head, options.isWhole);
  const layout: Layout = { path: found, isLines, records: { kind: isFeatures ? 'features' : 'objects' } };
  const doubted = isFeatures ? decision : withDoubt(decision, found, options);
  return { layout, decisions: doubted ? [...decisions, doubted] : decisions };
}

/** The decision, less sure where the beginning of the text speaks against it. */
function withDoubt(
  decision: Decision | undefined,
  path: readonly string[],
  { head, isWhole, shapeBytes }: FindLayoutOptions,
): Decision | undefined {
  const looked = head.subarray(0, shapeBytes);
  const sample = sampleOf(looked, isWhole && looked.length === head.length);
  const doubt = doubtOf(rowsAt(sample?.value, path));
  if (doubt === undefined) return decision;
  const reason =
    decision?.reason ??
    (head[skipSpace(head, 0, head.length)] === OPEN_ARRAY
      ? 'each object of the list is a record'
      : 'the object is one record');
  return { name: 'record_path', value: path, confidence: DOUBTFUL, reason: `${reason}; ${doubt}` };
}

/** The records where EXTRACT.record_path leads; lists of values may be there, too. */
function saidLayout(
  { head, isWhole, header, shapeBytes }: FindLayoutOptions,
  path: readonly string[],
  isLines: boolean,
  decisions: readonly Decision[],
): Found {
  const said: Decision = { name: 'record_path', value: path, confidence: 1, reason: 'as EXTRACT.record_path says' };
  const inner = path.reduce<unknown>(
    (value, key) => (isObject(value) ? value[key] : undefined),
    path.length > 0 ? sampleOf(head.subarray(0, shapeBytes), isWhole && head.length <= shapeBytes)?.value : undefined,
  );
  const shape = Array.isArray(inner) ? findShape({ value: inner, isWhole }) : undefined;
  if (shape === undefined || shape === MORE)
    return {
      layout: { path, isLines: isLines && path.length === 0, records: { kind: 'objects' } },
      decisions: [...decisions, said],
    };
  const { table, decision } = headerOf(listsOf(inner as unknown[]), header);
  return {
    layout: { path, isLines: false, records: { kind: 'arrays', table } },
    decisions: [...decisions, said, decision],
  };
}

/** A table that is no list of objects. */
function tableLayout(options: FindLayoutOptions): Found | typeof MORE | undefined {
  const { head, header, shapeBytes } = options;
  const lists = listsInLines(head);
  if (lists) {
    const { table, decision } = headerOf(lists, header);
    return { layout: { path: [], isLines: true, records: { kind: 'arrays', table } }, decisions: [decision] };
  }
  if (!mayBeTable(head)) return undefined;
  const looked = head.subarray(0, shapeBytes);
  const sample = sampleOf(looked, options.isWhole && looked.length === head.length);
  const shape = sample && findShape(sample);
  if (shape === MORE || shape === undefined) return shape;
  if (options.isLines && shape.confidence < SURE) return undefined;
  return shapeLayout(shape, rowsAt(sample?.value, shape.path), header);
}

/** A document whose first value is an object, or a list of lists. */
function mayBeTable(head: Buffer): boolean {
  const first = skipSpace(head, 0, head.length);
  if (head[first] === OPEN_OBJECT) return true;
  return head[first] === OPEN_ARRAY && head[skipSpace(head, first + 1, head.length)] === OPEN_ARRAY;
}

function rowsAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

function shapeLayout(shape: TableShape, rows: unknown, header: FindLayoutOptions['header']): Found {
  const { kind, path, names, index, hasKeys, confidence, reason } = shape;
  const decisions: Decision[] = [{ name: 'record_path', value: path, confidence, reason }];
  const isLines = false;
  if (kind === 'members')
    return { layout: { path, isLines, records: { kind, keyColumn: hasKeys ? INDEX : undefined } }, decisions };
  if (kind !== 'arrays') return { layout: { path, isLines, records: { kind: 'columns', hasKeys } }, decisions };
  const found = headerOf(listsOf(rows as unknown[]), header ?? names);
  const table = index ? withIndex(found.table, index) : found.table;
  const isFound = header !== undefined || names === undefined;
  return {
    layout: { path, isLines, records: { kind, table } },
    decisions: isFound ? [...decisions, found.decision] : decisions,
  };
}

function withIndex(table: ArrayTable, index: readonly unknown[]): ArrayTable {
  const values = index.map(label => (typeof label === 'string' ? label : JSON.stringify(label)));
  return { ...table, names: columnNames([INDEX, ...table.names]), index: values };
}

const NO_LINES: Decision = {
  name: 'lines',
  value: false,
  confidence: 0.95,
  reason: 'the first line is no record by itself, so values may go over lines, and stand in a list',
};

const BULK: Decision = {
  name: 'bulk',
  value: true,
  confidence: 0.99,
  reason:
    'actions of Elasticsearch’s bulk API stand in front of their documents: the documents are the rows, with their ids in a column _id; what else an action says, such as the index, is left out',
};

/** Lists of values, each in a line of its own: two at least. */
function listsInLines(head: Buffer): unknown[][] | undefined {
  const lists: unknown[][] = [];
  for (let at = skipSpace(head, 0, head.length); head[at] === OPEN_ARRAY && lists.length < MOST_LISTS; ) {
    const end = endInHead(head, at);
    const list = end === INCOMPLETE ? undefined : parsed(head, at, end);
    if (!Array.isArray(list) || list.some(value => typeof value === 'object' && value !== null)) break;
    lists.push(list);
    const next = skipSpace(head, end, head.length);
    if (next < head.length && !head.subarray(end, next).includes(LF)) return undefined;
    at = next;
  }
  return lists.length > 1 ? lists : undefined;
}

/** Told of lines whose first has nothing but one object, or a list of them, in it. */
function wrapper(head: Buffer): Decision[] {
  const first = skipSpace(head, 0, head.length);
  const end = head[first] === OPEN_OBJECT ? endInHead(head, first) : INCOMPLETE;
  const members = Object.entries((end === INCOMPLETE ? undefined : parsed(head, first, end)) ?? {});
  const [[key, inner] = []] = members;
  const isWrapped =
    members.length === 1 && (isObject(inner) || (Array.isArray(inner) && inner.length > 0 && inner.every(isObject)));
  if (key === undefined || !isWrapped || Object.keys(inner as object).some(name => name.startsWith('$'))) return [];
  const reason = `each line is a record; the first has nothing but ${JSON.stringify(key)} in it, and record_path: [${JSON.stringify(key)}] makes rows of what that has`;
  return [{ name: 'record_path', value: [], confidence: 0.5, reason }];
}

/**
 * Whether the name promises a record in each line, but the first value is a list of objects, or an object that goes
 * over lines or is not alone in its own.
 */
function goesOverLines(head: Buffer): boolean {
  const first = skipSpace(head, 0, head.length);
  if (head[first] === OPEN_ARRAY) return head[skipSpace(head, first + 1, head.length)] === OPEN_OBJECT;
  if (head[first] !== OPEN_OBJECT) return false;
  const end = endInHead(head, first);
  if (end === INCOMPLETE) return false;
  const found = head.indexOf(LF, first);
  const lineEnd = found < 0 ? head.length : found;
  let behind = skipSpace(head, end, lineEnd);
  if (head[behind] === COMMA) behind = skipSpace(head, behind + 1, lineEnd);
  const goesOn = end > lineEnd || (behind < lineEnd && head[behind] === OPEN_OBJECT);
  return goesOn && parsed(head, first, end) !== undefined;
}

/** Whether the first record is a feature: of a list, or of values that follow each other (RFC 8142). */
function startsWithFeature(head: Buffer): boolean {
  let first = skipSpace(head, 0, head.length);
  if (head[first] === OPEN_ARRAY) first = skipSpace(head, first + 1, head.length);
  if (head[first] !== OPEN_OBJECT || !head.includes('"Feature"', first)) return false;
  const end = endInHead(head, first);
  const record = end === INCOMPLETE ? undefined : parsed(head, first, end);
  return record !== undefined && isFeature(record);
}

/** Whether a record is one of GeoJSON's. */
export function isFeature(record: Record<string, unknown>): boolean {
  return record['type'] === 'Feature' && typeof record['properties'] === 'object';
}

function parsed(head: Buffer, from: number, to: number): Record<string, unknown> | undefined {
  try {
    return JSON.parse(head.toString('utf8', from, to)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
