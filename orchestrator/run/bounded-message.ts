import { BOUNDS, type DecidedMessage, type LeftRows, type Message, parseMessage } from '../../default-etl/contract.ts';

const HIGHEST_CODE = 255;
const DECISION_LEVELS = 16;

/** The message in a line, or undefined where there is none, or one that is no use: whoever prints it may print anything. */
export function readMessage(line: string): Message | undefined {
  try {
    const message = parseMessage(line);
    return message && bounded(withOwnFile(message));
  } catch {
    return undefined;
  }
}

/** What can't be is left out, what is too much is cut. */
function bounded(message: Message): Message | undefined {
  switch (message.type) {
    case 'progress':
      return withCounts(message, ['bytes', 'total_bytes']);
    case 'result': {
      const { code, rows_left: left, ...rest } = message;
      return { ...rest, ...(isCode(code) && { code }), ...(areLeft(left) && { rows_left: left }) };
    }
    case 'error':
      return { ...message, message: cutText(message.message, BOUNDS.errorBytes) };
    case 'decided':
      return isSmall(message) ? message : undefined;
    case 'to_check':
      return { ...message, sentences: cutSentences(message.sentences) };
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
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const wrong = names.filter(name => !isCount(message[name]));
  return Object.fromEntries(Object.entries(message).filter(([name]) => !wrong.includes(name as keyof Said))) as Said;
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
function cutSentences(sentences: readonly string[]): string[] {
  const kept: string[] = [];
  let left: number = BOUNDS.toCheckBytes;
  for (const sentence of sentences.slice(0, BOUNDS.toCheck)) {
    if (left <= 0) break;
    kept.push(cutText(sentence, left));
    left -= Buffer.byteLength(sentence);
  }
  return kept;
}

/** At most so many bytes of it. */
function cutText(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  return `${Buffer.from(text)
    .subarray(0, most)
    .toString()
    .replace(/\uFFFD$/, '')}…`;
}
