import { visible } from './visible.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

/** A line for people, its fields already plain and masked. */
export interface Line {
  time: Date;
  level: Level;
  message: string;
  fields: Record<string, unknown>;
}

/**
 * How a line begins: on a terminal with the time of day, in a file with the date too, in systemd's journal with the
 * priority (sd-daemon(3)), as it has the time itself.
 */
export type Stamp = 'time' | 'date' | 'priority';

export interface Look {
  colour: boolean;
  stamp: Stamp;
}

const PRIORITIES: Record<Level, number> = { error: 3, warn: 4, info: 6, debug: 7 };
const colours: Record<Level, number> = { error: 31, warn: 33, info: 32, debug: 90 };
const LEVEL_WIDTH = 5;
const DATASET_WIDTH = 12;
const LONGEST_FIELD = 120;
/** A digit stands in many a message that doesn't mean it. */
const SHORTEST_SAID = 3;

/**
 * `14:03:07 info  sales        what happened  file=a.csv`. What the message says already is not said again, nor that an
 * attempt is the first.
 */
export function prettyLine(line: Line, { colour, stamp }: Look): string {
  const paint = (code: number, text: string) => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  const { dataset, error, err, cause, run, attempt, ...others } = line.fields;
  const message = withError(withoutDataset(line.message, dataset), error ?? err ?? cause);
  const head = [
    ...(stamp === 'priority' ? [] : [paint(90, stamp === 'date' ? dateOf(line.time) : timeOf(line.time))]),
    paint(colours[line.level], line.level.padEnd(LEVEL_WIDTH)),
    paint(36, visible(textOf(dataset ?? '')).padEnd(DATASET_WIDTH)),
  ].join(' ');
  const text = visible(message).replaceAll('\n', '\n    ');
  // The run's long id is for acting on what went wrong.
  const few = { ...others, attempt: attempt === 1 ? null : attempt, run: line.level === 'info' ? null : run };
  const fields = visible(fewFields(few, message));
  const whole = `${head} ${text}${fields === '' ? '' : `  ${paint(90, fields)}`}${stackOf(line, error ?? err)}`;
  // Each of its lines is an entry of its own.
  return stamp === 'priority' ? whole.replaceAll(/^/gm, `<${PRIORITIES[line.level]}>`) : whole;
}

/** As ISO 8601 has it, with the offset of this machine's time. */
function dateOf(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map(part =>
    String(part).padStart(2, '0'),
  );
  const local = new Date(time.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  return `${local}${minutes < 0 ? '-' : '+'}${hours}:${rest}`;
}

/** The dataset has its own column. */
function withoutDataset(message: string, dataset: unknown): string {
  const prefix = `dataset ${textOf(dataset)}`;
  const rest = message.startsWith(prefix) ? /^:? (.+)/s.exec(message.slice(prefix.length)) : null;
  return rest?.[1] ?? message;
}

function timeOf(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
}

function withError(message: string, error: unknown): string {
  if (error === undefined || error === null) return message;
  const reason = textOf((error as { message?: unknown }).message ?? error);
  return message.includes(reason) ? message : `${message}: ${reason}`;
}

function isSaid(text: string, message: string): boolean {
  return text.length >= SHORTEST_SAID && message.includes(text);
}

function fewFields(fields: Record<string, unknown>, message: string): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => [name, textOf(value)] as const)
    .filter(([, text]) => text.length <= LONGEST_FIELD && !isSaid(text, message))
    .map(([name, text]) => `${name}=${text}`)
    .join(' ');
}

/** Where in the code: known errors have lost theirs by now (known-error.ts). */
function stackOf(line: Line, error: unknown): string {
  const { stack_trace: stack } = (error ?? {}) as Record<string, unknown>;
  if (typeof stack !== 'string' || !['debug', 'error'].includes(line.level)) return '';
  const frames = stack.split('\n').filter(frame => frame.startsWith('    at '));
  return frames.length === 0 ? '' : `\n${visible(frames.join('\n'))}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
