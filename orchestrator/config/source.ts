import { isMap, isScalar, LineCounter, parseDocument, visit, type Document, type Pair, type YAMLError } from 'yaml';
import { codeOf, messageOf } from '../errors.ts';
import { DEEPEST, LONGEST_KEY, MOST_MISTAKES } from './bounds.ts';
import { compose, type MessageCode } from './messages.ts';
import { readSmallFile } from './read-text.ts';

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
export interface SourceMistake {
  code: MessageCode;
  message: string;
  source: Source;
  offset: number;
}

/** Whether the rest of the file can be judged in spite of them: only repeated keys leave its structure in no doubt. */
export interface ReadSource {
  source: Source;
  mistakes: SourceMistake[];
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

/** Reads and parses a file; never throws. `allow` throws where its real path may not be read. */
export function readSource(path: string, shown: string, allow?: (realPath: string) => void): ReadSource {
  try {
    return parseSource(path, shown, readSmallFile(path, allow && { allow }));
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError)
      return unread(path, shown, { code: 'too-deep', message: compose('too-deep', DEEPEST) });
    const reason = codeOf(error) ?? messageOf(error);
    return unread(path, shown, { code: 'unreadable-file', message: compose('unreadable-file', reason) });
  }
}

/** A file that was not read, and why. */
export function unread(path: string, shown: string, reason: Pick<SourceMistake, 'code' | 'message'>): ReadSource {
  const { source } = parseSource(path, shown, Buffer.alloc(0));
  return broken(source, { ...reason, source, offset: 0 });
}

function parseSource(path: string, shown: string, bytes: Buffer): ReadSource {
  const text = bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
  const lines = new LineCounter();
  // Its own search for repeated keys compares each with all others.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const source: Source = { path, shown, text, document, positionAt: offset => position(lines, offset) };
  const garbled = bytes.includes('\uFFFD') ? -1 : text.indexOf('\uFFFD');
  if (garbled !== -1)
    return broken(source, { code: 'not-utf8', message: compose('not-utf8'), source, offset: garbled });
  const errors = firstOfEachLine(document.errors, source).map(error => toSourceMistake(error, source));
  return { source, mistakes: [...errors, ...repeatedKeys(source)], intact: errors.length === 0 };
}

function broken(source: Source, mistake: SourceMistake): ReadSource {
  return { source, mistakes: [mistake], intact: false };
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

function toSourceMistake(error: YAMLError, source: Source): SourceMistake {
  const offset = error.pos[0];
  if (/call stack/i.test(error.message))
    return { code: 'too-deep', message: compose('too-deep', DEEPEST), source, offset };
  const plain = plainOn(error, source);
  if (plain !== undefined) return { code: 'yaml-syntax', message: compose('yaml-syntax', plain, ''), source, offset };
  const reason = PLAINER[error.code] ?? error.message.charAt(0).toLowerCase() + error.message.slice(1);
  return {
    code: 'yaml-syntax',
    message: compose('yaml-syntax', reason, hintOn(error, source)),
    source,
    offset,
  };
}

/** What beginners meet with most, in plain words; undefined for the rest. */
function plainOn(error: YAMLError, { text }: Source): string | undefined {
  const [at] = error.pos;
  const key = withoutBlank(text.slice(at, at + LONGEST_KEY));
  if (['MISSING_CHAR', 'MULTILINE_IMPLICIT_KEY'].includes(error.code) && key !== undefined) return noBlank(key);
  if (error.code !== 'UNEXPECTED_TOKEN') return undefined;
  if (text[at - 1] === "'")
    return "the text in single quotes has ended here; an apostrophe in it is written twice (''), or the text is put in double quotes";
  if (text[at - 1] === '"')
    return 'the text in double quotes has ended here; a quotation mark in it is written \\", or the text is put in single quotes';
  return undefined;
}

/** The key of a line such as `BACKUP_FILE:true`. */
export function withoutBlank(line: string): string | undefined {
  return /^\s*([A-Za-z_]\w*):[^\s:/\\]/.exec(line)?.[1];
}

/** The value is not shown: it may be a secret. */
export function noBlank(key: string): string {
  return `the colon after ${key} needs a blank behind it, as in ${key}: value`;
}

function hintOn(error: YAMLError, source: Source): string {
  const isReference = source.text.startsWith('${', error.pos[0] - 1);
  return isReference ? '; inside [ ] and { } a reference such as ${NAME} needs quotes' : (HINTS[error.code] ?? '');
}

function repeatedKeys(source: Source): SourceMistake[] {
  const mistakes: SourceMistake[] = [];
  visit(source.document, {
    Map(_, map) {
      const first = new Map<string, Pair>();
      for (const pair of map.items) {
        const key = nameOf(pair);
        const earlier = first.get(key);
        if (earlier === undefined) first.set(key, pair);
        else if (mistakes.length <= MOST_MISTAKES) mistakes.push(repeatedKey(key, earlier, pair, source));
      }
    },
  });
  return mistakes;
}

function repeatedKey(key: string, earlier: Pair, again: Pair, source: Source): SourceMistake {
  const { line } = source.positionAt(startOf(earlier) ?? 0);
  const message = compose('duplicate-key', key, line);
  return { code: 'duplicate-key', message, source, offset: startOf(again) ?? 0 };
}

/** A key's text; of a key that is a map, a list or an alias only where it begins: written out it could be endless. */
export function nameOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : `(${startOf(pair) ?? 0})`;
}

/** Whether a key is text, a number or the like. */
export function hasPlainKey(pair: Pair): boolean {
  return isScalar(pair.key) || pair.key === null;
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
