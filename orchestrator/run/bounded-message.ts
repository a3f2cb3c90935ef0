import {
  BOUNDS,
  type DecidedMessage,
  type LeftRows,
  type Message,
  parseMessage,
} from '../../default-etl/contract/contract.ts';
import { cutBetweenSecrets, type MaskText, placeBetweenSecrets } from '../log/between-secrets.ts';

const HIGHEST_CODE = 255;
const DECISION_LEVELS = 16;

/** The message in a line, or undefined where there is none, or one that is no use: whoever prints it may print anything. */
export function readMessage(line: string, mask: MaskText): Message | undefined {
  try {
    const message = parseMessage(line);
    return message && bounded(withOwnFile(message), mask);
  } catch {
    return undefined;
  }
}

const COUNTS = ['rows_read', 'rows_loaded', 'rows_rejected', 'rows_filtered', 'rows_deleted'] as const;
const SAYS_RESULT = /"type"\s*:\s*"result"/;
const SHOWN_CHARACTERS = 200;

/**
 * What is wrong with a line that was to be a result and is none, for people; undefined of every other line. Written
 * over several lines, cut, or with NaN in it, it is no JSON.
 */
export function whyNoResult(line: string, mask: MaskText): string | undefined {
  const text = line.trim();
  const shown = (value: string) => shortened(value, mask);
  if (!SAYS_RESULT.test(text)) return undefined;
  const value = parsed(text);
  if (value === undefined) {
    const isMeant = text.startsWith('{') || text.replace(SAYS_RESULT, '').replace(',', '').trim() === '';
    return isMeant ? `it is no JSON object on one line: ${shown(text)}` : undefined;
  }
  const { type, file, code, ...others } = value;
  if (type !== 'result') return undefined;
  const wrong = COUNTS.find(name => !isCount(others[name]));
  if (wrong !== undefined) return `${wrong} is ${shown(JSON.stringify(others[wrong]) ?? 'missing')}, no count of rows`;
  if (code !== undefined && !isCode(code)) return `code is ${shown(JSON.stringify(code))}, no exit code`;
  return file !== undefined && typeof file !== 'string' ? `file is ${shown(JSON.stringify(file))}, no path` : undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function shortened(text: string, mask: MaskText): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, placeBetweenSecrets(text, SHOWN_CHARACTERS, mask))}…` : text;
}

/** What can't be is left out, what is too much is cut. */
function bounded(message: Message, mask: MaskText): Message | undefined {
  switch (message.type) {
    case 'progress':
      return withCounts(message, ['bytes', 'total_bytes']);
    case 'result': {
      const { code, rows_left: left, ...rest } = withCounts(message, ['values_left_out']);
      return { ...rest, ...(isCode(code) && { code }), ...(areLeft(left) && { rows_left: left }) };
    }
    case 'error':
      return { ...message, message: cutText(message.message, BOUNDS.errorBytes, mask) };
    case 'decided':
      return isSmall(message) ? message : undefined;
    case 'to_check':
      return { ...message, sentences: cutSentences(message.sentences, mask) };
    default:
      return message;
  }
}

/** A path, or none. */
function withOwnFile<Said extends Message>(message: Said): Said {
  if (!('file' in message) || typeof message.file === 'string') return message;
  const { file: _, ...rest } = message;
  return rest as Said;
}

function withCounts<Said extends Message>(message: Said, names: ReadonlyArray<keyof Said>): Said {
  const wrong = names.filter(name => !isCount(message[name]));
  return Object.fromEntries(Object.entries(message).filter(([name]) => !wrong.includes(name as keyof Said))) as Said;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCode(code: unknown): code is number {
  return Number.isInteger(code) && (code as number) >= 0 && (code as number) <= HIGHEST_CODE;
}

function areLeft(left: unknown): left is LeftRows[] {
  const isName = ({ index, FILE_KEY }: Partial<LeftRows>) => typeof index === 'string' && typeof FILE_KEY === 'string';
  return Array.isArray(left) && left.length <= BOUNDS.rowsLeft && left.every(each => isName(each ?? {}));
}

function isSmall({ decisions }: DecidedMessage): boolean {
  if (decisions.length > BOUNDS.decisions || !isShallow(decisions, DECISION_LEVELS)) return false;
  return Buffer.byteLength(JSON.stringify(decisions)) <= BOUNDS.decisionsBytes;
}

/** JSON is read however deeply it is nested, but can't be written so. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every(inner => isShallow(inner, levels - 1));
}

/** What there is room for: the first ones, the last of them cut. */
function cutSentences(sentences: readonly string[], mask: MaskText): string[] {
  const kept: string[] = [];
  let left: number = BOUNDS.toCheckBytes;
  for (const sentence of sentences.slice(0, BOUNDS.toCheck)) {
    if (left <= 0) break;
    kept.push(cutText(sentence, left, mask));
    left -= Buffer.byteLength(sentence);
  }
  return kept;
}

/** At most so many bytes of it. */
function cutText(text: string, most: number, mask: MaskText): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  return `${bytes.subarray(0, cutBetweenSecrets(bytes, most, mask)).toString()}…`;
}
