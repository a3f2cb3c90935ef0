import { besideText } from '../text/beside-text.ts';
import { count } from '../text/count.ts';
import { SingleBar } from 'cli-progress';
import { FINAL_STATES, type Journal, type Run } from '../journal/journal.ts';
import type { Terminal } from './deps.ts';
import { type Colour, oneLine, paint } from './text.ts';

/** Ctrl-C: 128 + SIGINT, as shells have it. */
export const INTERRUPTED = 130;
const LOOK_EVERY_MS = 500;

export interface FollowOptions {
  journal: Journal;
  runs: readonly Run[];
  terminal: Terminal;
  interrupted: AbortSignal;
}

/**
 * Shows runs until all have ended: a bar on a terminal, a line for each end elsewhere. Returns 0 if all are done (or
 * skipped: nothing had changed), 1 if not, 130 after Ctrl-C, which leaves the runs as they are.
 */
export async function followRuns({ journal, runs, terminal, interrupted }: FollowOptions): Promise<number> {
  const current = new Map(runs.map(run => [run.id, run]));
  const bar = terminal.isInteractive ? startBar(current, terminal) : null;
  const told = new Set<string>();
  const update = (run: Run | undefined) => {
    if (run === undefined || !current.has(run.id)) return;
    current.set(run.id, run);
    if (bar === null) tellEnd(run, told, terminal);
    else updateBar(bar, current);
  };
  const unsubscribe = journal.onChange(update);
  try {
    while (!interrupted.aborted && [...current.values()].some(run => !hasEnded(run))) {
      // Changes come as events; looking besides makes up for those that came before, or were lost.
      for (const run of current.values()) if (!hasEnded(run)) update(await journal.run(run.id));
      if ([...current.values()].some(run => !hasEnded(run))) await nextLook(interrupted);
    }
  } finally {
    unsubscribe();
    bar?.stop();
  }
  for (const run of current.values()) if (hasEnded(run)) tellEnd(run, told, terminal);
  return exitCode([...current.values()], terminal);
}

function exitCode(runs: Run[], terminal: Terminal): number {
  const open = runs.filter(run => !hasEnded(run));
  if (open.length > 0) {
    const left = `${count(open.length, 'run')} not finished`;
    terminal.writeError(
      `${left}; a running orchestrator goes on with what is left, otherwise the next one started does; see: orchestrator status\n`,
    );
    return INTERRUPTED;
  }
  return runs.every(run => run.state === 'done' || run.state === 'skipped') ? 0 : 1;
}

function hasEnded(run: Run): boolean {
  return FINAL_STATES.includes(run.state);
}

function nextLook(interrupted: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, LOOK_EVERY_MS);
    interrupted.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', done);
      resolve();
    }
  });
}

function startBar(runs: Map<string, Run>, { stderr }: Terminal): SingleBar {
  const bar = new SingleBar({
    stream: stderr,
    format: '{bar} {percentage}% · {ended}/{files} files · {rows} rows',
    hideCursor: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    gracefulExit: false,
  });
  const { total, done, payload } = sumUp(runs);
  bar.start(total, done, payload);
  return bar;
}

function updateBar(bar: SingleBar, runs: Map<string, Run>): void {
  const { done, payload } = sumUp(runs);
  bar.update(done, payload);
}

/** By bytes, each file counting one more, so that empty ones count too. */
function sumUp(runs: Map<string, Run>): { total: number; done: number; payload: Record<string, string | number> } {
  const all = [...runs.values()];
  const size = (run: Run) => (run.fileVersion?.sizeBytes ?? 0) + 1;
  const read = (run: Run) => (hasEnded(run) ? size(run) : Math.min(run.progress?.bytes ?? 0, size(run)));
  const sum = (of: (run: Run) => number) => all.reduce((total, run) => total + of(run), 0);
  const rows = sum(run => run.rows?.loaded ?? run.progress?.rows ?? 0).toLocaleString('en');
  const payload = { ended: all.filter(hasEnded).length, files: all.length, rows };
  return { total: sum(size), done: sum(read), payload };
}

function tellEnd(run: Run, told: Set<string>, { write, hasColour }: Terminal): void {
  if (!hasEnded(run) || told.has(run.id)) return;
  told.add(run.id);
  const { loaded, rejected } = run.rows ?? { loaded: 0, rejected: 0 };
  const rejects = rejected === 0 ? '' : `, ${rejected.toLocaleString('en')} rejected`;
  const beside = run.beside === 0 ? '' : `, ${besideText(run)}`;
  const rows = run.rows === null ? '' : `: ${count(loaded, 'row')} loaded${rejects}${beside}`;
  const error = run.error === null ? '' : `: ${oneLine(run.error)}`;
  // A file from elsewhere is known by its path from the root.
  const file = oneLine(run.root === '/' ? `/${run.file}` : run.file);
  write(`${paint(endText(run), endColour(run), hasColour)} ${file}${rows}${error}\n`);
  for (const sentence of run.toCheck) write(`  ${oneLine(sentence)}\n`);
}

function endText({ state, toCheck }: Run): string {
  return toCheck.length > 0 ? `${state}, to check:` : state;
}

function endColour({ state, toCheck }: Run): Colour {
  if (state === 'done' && toCheck.length === 0) return 'green';
  return state === 'done' || state === 'skipped' ? 'yellow' : 'red';
}
