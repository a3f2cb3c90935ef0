import { StringDecoder } from 'node:string_decoder';
import { BESIDE_CUT, placeBetweenSecrets } from '../log/between-secrets.ts';
import { visible } from '../log/visible.ts';
import type { OpenFile } from '../files/open-file.ts';
import { shortened } from './shortened.ts';

/** A line that an attempt printed, without secrets. */
export interface PrintedLine {
  /** As it stands in the log, from 1; of lines behind a gap counted from there on. */
  number: number;
  level: 'info' | 'error';
  text: string;
}

export interface PrintedLinesOptions {
  mask(text: string): string;
  bounds?: LineBounds;
}

/** What is told of one attempt: so many bytes from its beginning, and so many of its end. */
export interface LineBounds {
  headBytes: number;
  tailBytes: number;
  /** Lines, of both together. */
  lines: number;
  /** Characters of a line. */
  longestLine: number;
}

export const LINE_BOUNDS: LineBounds = { headBytes: 32 << 10, tailBytes: 32 << 10, lines: 400, longestLine: 8000 };
/** What the contract has messages for is in the journal, and in the documents of runs. */
const TOLD_ELSEWHERE = ['progress', 'result', 'superseded', 'decided', 'to_check', 'sketch'];

/** The log text of an attempt: its beginning, its end, and a line between them where something is left out. */
export async function readPrintedLines(file: OpenFile, options: PrintedLinesOptions): Promise<PrintedLine[]> {
  const { bounds = LINE_BOUNDS, mask } = options;
  const { size } = await file.stat();
  const { headBytes, tailBytes } = bounds;
  if (size <= headBytes + tailBytes) return bounded(linesOf(await textOf(file, 0, size), options), bounds);
  const head = wholeLines(await textOf(file, 0, headBytes + BESIDE_CUT), headBytes, mask);
  const tail = await textOf(file, size - tailBytes, tailBytes);
  // What the cut begins with may be the rest of a line, and of a secret.
  const behind = tail.slice(tail.indexOf('\n') + 1 || tail.length);
  const first = linesOf(head, options);
  const gap: PrintedLine = { number: (first.at(-1)?.number ?? 0) + 1, level: 'info', text: GAP };
  const last = linesOf(behind, options).map(line => ({ ...line, number: line.number + gap.number }));
  return bounded([...first, gap, ...last], bounds);
}

const GAP = '(what was printed here is left out; `orchestrator logs` shows it)';

function bounded(lines: PrintedLine[], { lines: most }: LineBounds): PrintedLine[] {
  if (lines.length <= most) return lines;
  const half = Math.floor((most - 1) / 2);
  const [first, last] = [lines.slice(0, half), lines.slice(lines.length - half)];
  const gap: PrintedLine = { number: (first.at(-1)?.number ?? 0) + 1, level: 'info', text: GAP };
  return [...first.filter(({ text }) => text !== GAP), gap, ...last.filter(({ text }) => text !== GAP)];
}

/** Up to the last line break before `wished` bytes; of one long line a part that cuts no secret. */
function wholeLines(text: string, wished: number, mask: (text: string) => string): string {
  const end = text.lastIndexOf('\n', wished) + 1;
  return text.slice(0, end > 0 ? end : placeBetweenSecrets(text, Math.min(wished, text.length), mask));
}

function linesOf(text: string, { mask, bounds = LINE_BOUNDS }: PrintedLinesOptions): PrintedLine[] {
  // As a whole: a secret may have several lines.
  const printed = mask(text).split('\n');
  return printed.flatMap((line, at) => {
    const said = lineOf(line.trimEnd());
    return said === undefined
      ? []
      : [{ ...said, number: at + 1, text: shortened(visible(said.text), bounds.longestLine) }];
  });
}

/** Undefined for what is no log text. */
function lineOf(line: string): Pick<PrintedLine, 'level' | 'text'> | undefined {
  if (line.trim() === '') return undefined;
  const message = line.startsWith('{"type":') ? messageIn(line) : undefined;
  if (message === undefined) return { level: 'info', text: line };
  if (message.type === 'error' && typeof message.message === 'string') return { level: 'error', text: message.message };
  return TOLD_ELSEWHERE.includes(String(message.type)) ? undefined : { level: 'info', text: line };
}

function messageIn(line: string): { type?: unknown; message?: unknown } | undefined {
  try {
    return JSON.parse(line) as { type?: unknown; message?: unknown };
  } catch {
    return undefined;
  }
}

async function textOf(file: OpenFile, position: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(length);
  let at = 0;
  for (let read = -1; at < length && read !== 0; at += read) {
    ({ bytesRead: read } = await file.read(bytes, at, length - at, position + at));
  }
  // Of a character that is cut at its end nothing is shown.
  return new StringDecoder('utf8').write(bytes.subarray(0, at));
}
