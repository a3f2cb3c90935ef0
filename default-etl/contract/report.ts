import { BOUNDS } from './bounds.ts';
import { shortenedJson } from './fitting.ts';
import type { Decision, Message, ResultMessage } from './protocol.ts';
import { visible } from './visible.ts';

const PROGRESS_INTERVAL_MS = 250;
/** Of a decision its value, and its reason; names of columns may be of any length. */
const MOST_VALUE_BYTES = 1 << 16;
const MOST_REASON_BYTES = 1 << 13;
const MOST_LOG_BYTES = 1 << 14;

/** Speaks on stdout as the contract says: messages as JSON lines, everything else as text. */
export interface Reporter {
  log(text: string): void;
  /** At most one line every 250 ms; the rest is left out. */
  progress(rows: number, bytes: number, totalBytes: number): void;
  /**
   * How the file is read, as a message and as log text. The message takes the place of a former one; the first `said`
   * of them were in that one's text.
   */
  decided(decisions: readonly Decision[], said?: number): void;
  /** What people should look at; nothing is said where there is nothing. */
  toCheck(sentences: readonly string[]): void;
  result(message: Omit<ResultMessage, 'type'>): void;
  error(message: string): void;
  superseded(version: number): void;
  /** Which rows the file has. */
  sketch(hashes: string): void;
}

/** `file`: FILE_PATH, said on each message of a run over a folder. */
export function createReporter(write: (line: string) => void, file?: string): Reporter {
  const say = (message: Message) => write(`${JSON.stringify(file === undefined ? message : { ...message, file })}\n`);
  let nextProgressAt = 0;
  // A line of text that looks like a message would be taken for one.
  const log = (text: string) =>
    write(`${text.startsWith('{') ? ' ' : ''}${shortenedJson(visible(text), MOST_LOG_BYTES)}\n`);
  return {
    log,
    progress(rows, bytes, totalBytes) {
      const now = performance.now();
      if (now < nextProgressAt) return;
      nextProgressAt = now + PROGRESS_INTERVAL_MS;
      say({ type: 'progress', rows, bytes, total_bytes: totalBytes });
    },
    decided(decisions, said = 0) {
      const fitting = fittingDecisions(decisions);
      for (const decision of fitting.slice(said)) log(decisionText(decision));
      say({ type: 'decided', decisions: fitting });
    },
    toCheck(sentences) {
      for (const sentence of sentences) log(`to check: ${sentence}`);
      if (sentences.length > 0) say({ type: 'to_check', sentences: fittingSentences(sentences) });
    },
    result: message => say({ type: 'result', ...message }),
    error: message => say({ type: 'error', message: shortenedJson(message, BOUNDS.errorBytes) }),
    superseded: version => say({ type: 'superseded', version }),
    sketch: hashes => say({ type: 'sketch', hashes }),
  };
}

/** `delimiter ";" (found in the first rows)`, and how sure that is where it isn't certain. */
function decisionText({ name, value, confidence, reason }: Decision): string {
  const sure = confidence < 1 ? `${Math.round(confidence * 100)} % sure: ` : '';
  return `${name} ${typeof value === 'string' && /^\w/.test(value) ? value : JSON.stringify(value)} (${sure}${reason})`;
}

function fittingSentences(sentences: readonly string[]): string[] {
  const most = Math.floor(BOUNDS.toCheckBytes / Math.min(sentences.length, BOUNDS.toCheck));
  return sentences.slice(0, BOUNDS.toCheck).map(sentence => shortenedJson(sentence, most));
}

/** Within the bounds of a line: what does not fit is cut, and said to be. Values of a thousand columns fit. */
export function fittingDecisions(decisions: readonly Decision[]): Decision[] {
  const fitting: Decision[] = [];
  let left: number = BOUNDS.decisionsBytes;
  for (const decision of decisions) {
    const next = fittingDecision(decision);
    left -= Buffer.byteLength(JSON.stringify(next)) + 1;
    if (left < MOST_REASON_BYTES || fitting.length + 1 === BOUNDS.decisions) break;
    fitting.push(next);
  }
  const others = decisions.length - fitting.length;
  if (others === 0) return fitting;
  return [...fitting, { name: 'others', value: others, confidence: 1, reason: 'further decisions, not listed' }];
}

function fittingDecision(decision: Decision): Decision {
  const name = shortenedJson(decision.name, MOST_REASON_BYTES);
  const reason = shortenedJson(decision.reason, MOST_REASON_BYTES);
  const value = fittingValue(decision.value);
  return value === decision.value
    ? { ...decision, name, reason }
    : { ...decision, name, reason: `${reason}; the value is shortened`, value };
}

/** Text, a list or an object of what fits; the value itself where all of it does. */
function fittingValue(value: unknown): unknown {
  if (typeof value === 'string') return shortenedJson(value, MOST_VALUE_BYTES);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const fitting = fittingEntries(entries);
  if (fitting.length === entries.length) return value;
  return Array.isArray(value) ? fitting.map(([, item]) => item) : Object.fromEntries(fitting);
}

function fittingEntries(entries: ReadonlyArray<[string, unknown]>): Array<[string, unknown]> {
  let left = MOST_VALUE_BYTES;
  const end = entries.findIndex(([key, item]) => {
    left -= key.length > left ? left + 1 : Buffer.byteLength(JSON.stringify([key, item]));
    return left < 0;
  });
  return entries.slice(0, end < 0 ? entries.length : end);
}
