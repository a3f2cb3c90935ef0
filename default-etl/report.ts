import type { Decision, Message, ResultMessage } from './protocol.ts';

const PROGRESS_INTERVAL_MS = 250;

/** Speaks on stdout as the contract says: messages as JSON lines, everything else as text. */
export interface Reporter {
  log(text: string): void;
  /** At most one line every 250 ms; the rest is left out. */
  progress(rows: number, bytes: number, totalBytes: number): void;
  /** How the file is read, as a message and as log text. */
  decided(decisions: readonly Decision[]): void;
  result(message: Omit<ResultMessage, 'type'>): void;
  error(message: string): void;
  superseded(version: number): void;
}

/** `file`: FILE_PATH, said on each message of a run over a folder. */
export function createReporter(write: (line: string) => void, file?: string): Reporter {
  const say = (message: Message) => write(`${JSON.stringify(file === undefined ? message : { ...message, file })}\n`);
  let nextProgressAt = 0;
  // A line of text that looks like a message would be taken for one.
  const log = (text: string) => write(`${text.startsWith('{') ? ' ' : ''}${text}\n`);
  return {
    log,
    progress(rows, bytes, totalBytes) {
      const now = performance.now();
      if (now < nextProgressAt) return;
      nextProgressAt = now + PROGRESS_INTERVAL_MS;
      say({ type: 'progress', rows, bytes, total_bytes: totalBytes });
    },
    decided(decisions) {
      for (const decision of decisions) log(decisionText(decision));
      say({ type: 'decided', decisions: [...decisions] });
    },
    result: message => say({ type: 'result', ...message }),
    error: message => say({ type: 'error', message }),
    superseded: version => say({ type: 'superseded', version }),
  };
}

/** `delimiter ";" (found in the first rows)`, and how sure that is where it isn't certain. */
function decisionText({ name, value, confidence, reason }: Decision): string {
  const sure = confidence < 1 ? `${Math.round(confidence * 100)} % sure: ` : '';
  return `${name} ${typeof value === 'string' && /^\w/.test(value) ? value : JSON.stringify(value)} (${sure}${reason})`;
}
