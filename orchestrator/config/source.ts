import { readFile } from 'node:fs/promises';
import { isMap, isScalar, LineCounter, parseDocument, visit, type Document, type Pair, type YAMLError } from 'yaml';
import { codeOf, messageOf } from '../errors.ts';
import { compose, type MessageCode } from './messages.ts';

/** A YAML file as it was read, and where in it things are. */
export interface Source {
  /** Absolute. */
  path: string;
  /** As it is shown to people. */
  shown: string;
  text: string;
  document: Document;
  /** Line and column, from 1, of an offset in `text`. */
  positionAt(offset: number): { line: number; column: number };
}

/** Something wrong at an offset of a source. */
export interface Problem {
  code: MessageCode;
  message: string;
  source: Source;
  offset: number;
}

/** Whether the rest of the file can be judged in spite of them: only repeated keys leave its structure in no doubt. */
export interface ReadSource {
  source: Source;
  problems: Problem[];
  intact: boolean;
}

const HINTS: Record<string, string> = {
  TAB_AS_INDENT: '; indent with blanks',
  BAD_DQ_ESCAPE: '; inside double quotes a backslash is written twice, inside single quotes once',
  BAD_SCALAR_START: '; put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: '; look at the indentation, and put a text that holds ": " in quotes',
  MULTIPLE_DOCS: '; keep what is above the line ---, one dataset a file',
};
const PLAINER: Record<string, string> = { MULTIPLE_DOCS: 'it holds several documents' };
const BYTE_ORDER_MARK = '\uFEFF';

/** Reads and parses a file; never throws. */
export async function readSource(path: string, shown: string): Promise<ReadSource> {
  try {
    return parseSource(path, shown, await readFile(path));
  } catch (error) {
    const { source } = parseSource(path, shown, Buffer.alloc(0));
    const reason = codeOf(error) ?? messageOf(error);
    return broken(source, { code: 'unreadable-file', message: compose('unreadable-file', reason), source, offset: 0 });
  }
}

function parseSource(path: string, shown: string, bytes: Buffer): ReadSource {
  const text = bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const source: Source = { path, shown, text, document, positionAt: offset => position(lines, offset) };
  const garbled = bytes.includes('\uFFFD') ? -1 : text.indexOf('\uFFFD');
  if (garbled !== -1)
    return broken(source, { code: 'not-utf8', message: compose('not-utf8'), source, offset: garbled });
  return {
    source,
    problems: firstOfEachLine(document.errors, source).map(error => toProblem(error, source)),
    intact: document.errors.every(error => error.code === 'DUPLICATE_KEY'),
  };
}

function broken(source: Source, problem: Problem): ReadSource {
  return { source, problems: [problem], intact: false };
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** What follows an error within its line is mostly its consequence. */
function firstOfEachLine(errors: readonly YAMLError[], source: Source): YAMLError[] {
  const byLine = new Map<number, YAMLError>();
  for (const error of errors) {
    const { line } = source.positionAt(error.pos[0]);
    if (!byLine.has(line)) byLine.set(line, error);
  }
  return [...byLine.values()];
}

function toProblem(error: YAMLError, source: Source): Problem {
  const offset = error.pos[0];
  if (error.code === 'DUPLICATE_KEY') return duplicateKey(source, offset);
  const reason = PLAINER[error.code] ?? error.message.charAt(0).toLowerCase() + error.message.slice(1);
  return {
    code: 'yaml-syntax',
    message: compose('yaml-syntax', reason, hintOn(error, source)),
    source,
    offset,
  };
}

function hintOn(error: YAMLError, source: Source): string {
  const isReference = source.text.startsWith('${', error.pos[0] - 1);
  return isReference ? '; inside [ ] and { } a reference such as ${NAME} needs quotes' : (HINTS[error.code] ?? '');
}

function duplicateKey(source: Source, offset: number): Problem {
  let key = '';
  let first = offset;
  visit(source.document, {
    Map(_, map) {
      const again = map.items.find(pair => startOf(pair) === offset);
      if (again === undefined) return undefined;
      key = nameOf(again);
      first = startOf(map.items.find(pair => nameOf(pair) === key)!) ?? offset;
      return visit.BREAK;
    },
  });
  return {
    code: 'duplicate-key',
    message: compose('duplicate-key', key, source.positionAt(first).line),
    source,
    offset,
  };
}

/** A key's text. */
export function nameOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** Offset of a key. */
export function startOf(pair: Pair): number | undefined {
  return (pair.key as { range?: [number, number, number] | null } | null)?.range?.[0];
}

/** Whether the file holds nothing, or keys and values. */
export function isMapOrEmpty({ document }: Source): boolean {
  return document.contents === null || isMap(document.contents) || isEmptyScalar(document.contents);
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}
