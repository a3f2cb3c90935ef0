import type { Decision } from '../../protocol.ts';
import { findList } from './list-path.ts';
import { endInHead, INCOMPLETE, skipSpace } from './scanner.ts';

const OPEN_ARRAY = 91;
const OPEN_OBJECT = 123;
const COMMA = 44;
const LF = 10;

/** How the records stand in the text. */
export interface Layout {
  /** Keys that lead from the document to the list of records; none where the document itself is the records. */
  path: readonly string[];
  /** The records are GeoJSON's (RFC 7946): what counts are their properties. */
  isFeatures: boolean;
  /** Each line is a record by itself, and one that is no JSON a reject; else values follow each other, in a list or not. */
  isLines: boolean;
}

export interface FindLayoutOptions {
  /** The text's beginning, in UTF-8, and whether that is all of it. */
  head: Buffer;
  isWhole: boolean;
  /** By its name each line is a record. */
  isLines: boolean;
  /** EXTRACT.record_path. */
  path: readonly string[] | undefined;
}

/** What the head shows, and what EXTRACT.record_path says. */
export function findLayout(options: FindLayoutOptions): { layout: Layout; decisions: Decision[] } {
  const { head, isWhole, path } = options;
  const isLines = options.isLines && !goesOverLines(head);
  const decisions = isLines === options.isLines ? [] : [NO_LINES];
  if (path !== undefined) {
    const said = { name: 'record_path', value: path, confidence: 1, reason: 'as EXTRACT.record_path says' };
    return {
      layout: { path, isFeatures: false, isLines: isLines && path.length === 0 },
      decisions: [...decisions, said],
    };
  }
  if (startsWithFeature(head)) return { layout: { path: [], isFeatures: true, isLines }, decisions };
  if (isLines) return { layout: { path: [], isFeatures: false, isLines }, decisions };
  const { decision, ...list } = findList(head, isWhole);
  return { layout: { ...list, isLines }, decisions: decision ? [...decisions, decision] : decisions };
}

const NO_LINES: Decision = {
  name: 'lines',
  value: false,
  confidence: 0.95,
  reason: 'the first line is no record by itself, so values may go over lines, and stand in a list',
};

/** Whether the name promises a record in each line, but the first value is a list of objects, or an object that goes over lines or is not alone in its own. */
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
