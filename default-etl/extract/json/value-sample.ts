import { stringEnd } from './scanner.ts';

const QUOTE = 34;
const COMMA = 44;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** A JSON document as far as its beginning shows it. */
export interface Sample {
  value: unknown;
  /** It is all there; else the last values of each list and object that is open at its end are missing. */
  isWhole: boolean;
}

/** What the beginning of a text is as one JSON document; undefined where it is none, or more than one. */
export function sampleOf(head: Buffer, isWhole: boolean): Sample | undefined {
  const text = isWhole ? head.toString() : closedText(head);
  const value = parsed(text.replace(/[\0-\x20]+$/, ''));
  return value === undefined ? undefined : { value, isWhole };
}

/** The text up to the last value that is whole, with what closes the brackets that are open there. */
function closedText(head: Buffer): string {
  const open: number[] = [];
  let end = 0;
  for (let at = 0; at < head.length; at++) {
    const byte = head[at] as number;
    if (byte === QUOTE) {
      const behind = stringEnd(head, at, head.length);
      if (behind < 0) break;
      at = behind - 1;
    } else if (byte === COMMA) end = at;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      open.push(byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT);
      end = at + 1;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      open.pop();
      end = at + 1;
    }
  }
  return head.toString('utf8', 0, end) + Buffer.from(open.toReversed()).toString();
}

/** Python and JavaScript write NaN and Infinity: nothing depends on them here. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsedLoosely(
      text.replace(/"(?:\\.|[^"\\])*"|-?\b(?:NaN|Infinity)\b/gs, found => (found[0] === '"' ? found : 'null')),
    );
  }
}

function parsedLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Members = Record<string, unknown>;

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** No list and no object. */
export function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** About how long the value is as JSON. Not by writing it: what is nested deep would be too much for that. */
export function lengthOf(value: unknown): number {
  const waiting = [value];
  let length = 0;
  while (waiting.length > 0) {
    const next = waiting.pop();
    length += 2;
    if (typeof next === 'string') length += next.length + 1;
    else if (typeof next !== 'object' || next === null) length += String(next as number).length - 1;
    else
      for (const [key, member] of Object.entries(next)) {
        if (!Array.isArray(next)) length += key.length + 3;
        waiting.push(member);
      }
  }
  return length;
}
