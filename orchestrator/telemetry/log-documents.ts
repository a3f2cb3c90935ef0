import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import type { Attempt, Journal, Run } from '../journal/journal.ts';
import { common, type Origin } from './origin.ts';
import { type PrintedLine, readPrintedLines } from './printed-lines.ts';
import type { Document } from './sender.ts';
import { shortened } from './shortened.ts';

export interface LogDocumentsOptions {
  journal: Pick<Journal, 'attempts'>;
  /** Absolute. DATA_DIR. */
  dataDir: string;
  origin: Origin;
  mask(text: string, dataset: string): string;
  /** `problems`: of runs that people should look at alone. */
  which: 'all' | 'problems';
  clock: Clock;
  /** Lines within an hour; of further runs none are told until it is over. */
  mostLines?: number;
}

/** Of a run with more attempts those are told that were the last ones. */
const MOST_ATTEMPTS = 10;
const MOST_LINES = 200_000;
const HOUR_MS = 3_600_000;
const LONGEST_PATH = 1000;
const CONTAINER_ID = /^[0-9a-f]{64}$/;
const PROCESS = /^(\d+)-/;

/** What a run's attempts have printed, as documents of the log: their ids are made of run, attempt and line. */
export function logDocuments(options: LogDocumentsOptions): (run: Run) => AsyncGenerator<Document> {
  const { which, clock, mostLines = MOST_LINES } = options;
  let [hourBegan, lines] = [clock.elapsed(), 0];
  return async function* documentsOf(run) {
    if (run.attempt === 0 || (which === 'problems' && !isProblem(run))) return;
    if (clock.elapsed() - hourBegan >= HOUR_MS) [hourBegan, lines] = [clock.elapsed(), 0];
    if (lines >= mostLines) return;
    for await (const document of ofRun(run, options)) {
      yield document;
      lines += 1;
    }
    if (lines >= mostLines) yield fullHour(run, lines, options);
  };
}

/** What was told once it has ended is the only time that its lines are told. */
function isProblem({ state, toCheck, rows, attempt }: Run): boolean {
  return state !== 'done' || toCheck.length > 0 || (rows?.rejected ?? 0) > 0 || attempt > 1;
}

async function* ofRun(run: Run, options: LogDocumentsOptions): AsyncGenerator<Document> {
  const attempts = await options.journal.attempts(run.id);
  const told = attempts.slice(-MOST_ATTEMPTS);
  const untold = attempts.length - told.length;
  if (untold > 0 && told[0]) {
    const text = `(what ${untold} earlier attempts printed is left out; \`orchestrator logs\` shows it)`;
    yield documentOf({ number: 0, level: 'info', text }, run, told[0], options.origin);
  }
  for (const attempt of told) {
    for (const line of await linesOf(run, attempt, options)) yield documentOf(line, run, attempt, options.origin);
  }
}

/** Of a log that is no longer kept there are none; of one that can't be read a line that says so: it holds up no other. */
async function linesOf(run: Run, attempt: Attempt, { dataDir, mask }: LogDocumentsOptions): Promise<PrintedLine[]> {
  try {
    return await Folder.use(dataDir, async data => {
      await using file = await data.openFile(logPath(run, attempt));
      return await readPrintedLines(file, { mask: text => mask(text, run.dataset) });
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    return [{ number: 1, level: 'error', text: `(what was printed can't be read: ${messageOf(error)})` }];
  }
}

function logPath(run: Run, { attempt }: Attempt): string {
  return join('logs', run.id, `${attempt}.log`);
}

function documentOf(line: PrintedLine, run: Run, attempt: Attempt, origin: Origin): Document {
  const source = {
    // No line says when it was printed.
    '@timestamp': new Date(attempt.endedAt ?? run.endedAt ?? 0).toISOString(),
    ...common(origin),
    message: line.text,
    'log.level': line.level,
    'log.logger': 'run',
    'log.file.path': logPath(run, attempt),
    'event.dataset': run.dataset,
    'event.sequence': line.number,
    'file.path': shortened(run.file, LONGEST_PATH),
    'labels.run_id': run.id,
    'labels.attempt': String(attempt.attempt),
    ...whoPrinted(attempt),
  };
  return { id: `${run.id}-${attempt.attempt}-${line.number}`, json: JSON.stringify(source) };
}

function whoPrinted({ handle, exitCode }: Attempt): Record<string, unknown> {
  const pid = PROCESS.exec(handle ?? '')?.[1];
  return {
    ...(handle !== null && CONTAINER_ID.test(handle) && { 'container.id': handle }),
    ...(pid !== undefined && !CONTAINER_ID.test(handle ?? '') && { 'process.pid': Number(pid) }),
    ...(exitCode !== null && { 'process.exit_code': exitCode }),
  };
}

function fullHour(run: Run, lines: number, { origin }: LogDocumentsOptions): Document {
  const source = {
    '@timestamp': new Date(run.endedAt ?? 0).toISOString(),
    ...common(origin),
    message: `${lines} lines that runs printed were written here within an hour: those of further runs are left out until it is over; \`orchestrator logs\` shows them`,
    'log.level': 'warn',
    'log.logger': 'run',
  };
  return { id: `${run.id}-full`, json: JSON.stringify(source) };
}
