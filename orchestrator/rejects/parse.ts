import type { Reject } from '../../default-etl/contract/contract.ts';
import { LIMITS } from '../limits.ts';
import { OrchestratorError } from '../errors.ts';
import type { BoundedLine } from '../files/read.ts';

/** How a longer line begins, up to the part of `raw` that was read of it. */
const BEGINNING = /^\{"row":(?<row>\d+),"line":(?<line>\d+|null),"reason":(?<reason>"(?:[^"\\]|\\.)*"),"raw":"/;

/**
 * The rejected row of a line. Of one that is too long, the beginning of its record. Throws an OrchestratorError `never`
 * where there is none in it.
 */
export function parseReject({ text, isCut }: BoundedLine): Reject {
  const reject = isCut ? parseCut(text) : parseJson(text);
  if (isReject(reject)) return reject;
  throw new OrchestratorError(
    'never',
    `the rejected rows can't be read to their end: "${text.slice(0, LIMITS.shownCharacters)}" is none`,
  );
}

function parseCut(text: string): unknown {
  const { row, line, reason } = BEGINNING.exec(text)?.groups ?? {};
  if (row === undefined || line === undefined || reason === undefined) return undefined;
  const start = BEGINNING.exec(text)?.[0].length ?? 0;
  // An escape may have been cut in two.
  const raw = parseJson(`"${text.slice(start).replace(/\\(u[0-9a-f]{0,3})?$/i, '')}"`);
  return {
    row: Number(row),
    line: line === 'null' ? null : Number(line),
    reason: parseJson(reason),
    raw,
    raw_cut: true,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isReject(value: unknown): value is Reject {
  const { row, line, reason, raw } = (value ?? {}) as Partial<Record<keyof Reject, unknown>>;
  return isNumber(row) && row <= LIMITS.rows && (line === null || isNumber(line)) && [reason, raw].every(isText);
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
