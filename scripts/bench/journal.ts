// A journal of a million files, filled by its own calls: the first tenth of them are in WATCH_DIR, the others are gone,
// which the next start has to find out. What the orchestrator takes beside what it takes with an empty journal, how
// long it keeps others waiting meanwhile, and how soon it stops.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import {
  makeFolder,
  removeFolder,
  startOrchestrator,
  type TestOrchestrator,
  withoutServices,
} from '../../orchestrator/e2e/harness.ts';
import { announce } from '../services/command.ts';
import { fillJournal, nameOf } from './journal-fill.ts';
import { median, round, type Rows } from './measure.ts';
import type { BenchOptions } from './options.ts';

const FILES = 1_000_000;
const DATASET = 'bench-journal';
const YAML = "WATCH_DIR: '{folder}/in'\nCOMMAND: /bin/true\nRUNNER: process\n";
const LOOK_MS = 500;
/** Until the absences of all files are written. */
const LIMIT_MS = 30 * 60_000;
const TURNS = 15;

export const JOURNAL_CAPTION = `The longest block is that of the event loop from the start until a listing and all that follows from it is written. Memory is at its highest, beyond what an empty journal takes.
Stops are by SIGTERM, the first of them in the middle of the absences. Questions are asked by HTTP, medians of ${TURNS}.`;

interface Phase {
  startS: number;
  listedS: number;
  blockMs: number;
  peakMb: number;
  stopMs: number;
}

export async function benchJournal({ files = FILES }: BenchOptions): Promise<Rows> {
  // Not counted: the first start of a new checkout compiles the code that is kept for those after it.
  await inFolder(folder => phase(folder, untilListed));
  const empty = await inFolder(folder => phase(folder, untilListed));
  return inFolder(async folder => {
    const { seconds, megabytes } = await fill(folder, files);
    const stopped = await phase(folder, orchestrator => untilSeen(orchestrator, files / 10));
    const absences = await phase(folder, untilListed);
    const answers = new Map<string, number>();
    const again = await phase(folder, async orchestrator => {
      await untilListed(orchestrator);
      for (const [what, query] of questions(files)) answers.set(what, await answerMs(orchestrator, query));
    });
    return [
      {
        what: `${files} files and their runs written by calls of the journal`,
        s: round(seconds),
        MB: round(megabytes),
      },
      phaseRow('start with an empty journal, and a listing of nothing', empty, null),
      phaseRow('start, stopped while absences are written', stopped, empty),
      phaseRow('start, absences written', absences, empty),
      phaseRow(`start, ${files / 10} files listed that are there, questions asked`, again, empty),
      ...[...answers].map(([what, ms]) => ({ what, ms: round(ms, 1) })),
    ].map(row => ({
      what: '',
      s: null,
      'start s': null,
      'block ms': null,
      MB: null,
      'stop ms': null,
      ms: null,
      ...row,
    }));
  });
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder({ [DATASET]: YAML }, 0o755);
  try {
    return await act(folder);
  } finally {
    await removeFolder(folder);
  }
}

async function fill(folder: string, files: number): Promise<{ seconds: number; megabytes: number }> {
  const path = join(folder, 'data', 'journal.sqlite');
  const begin = performance.now();
  await fillJournal({ path, dataset: DATASET, root: join(folder, 'in'), files, present: files / 10 }, made => {
    if (made % 100_000 === 0) announce(`${made} of ${files} files are in the journal`);
  });
  return { seconds: (performance.now() - begin) / 1000, megabytes: statSync(path).size / 2 ** 20 };
}

/** An orchestrator's life: until it answers, what is waited for, its stop. */
async function phase(folder: string, act: (orchestrator: TestOrchestrator) => Promise<void>): Promise<Phase> {
  const begin = performance.now();
  const orchestrator = await startOrchestrator(folder, withoutServices(folder));
  const startS = (performance.now() - begin) / 1000;
  const block = watchBlock(orchestrator);
  try {
    await act(orchestrator);
    const listedS = (performance.now() - begin) / 1000;
    const { blockMs } = await block.end();
    return { startS, listedS, blockMs, peakMb: peakMb(orchestrator), stopMs: await stop(orchestrator) };
  } finally {
    await stop(orchestrator);
  }
}

function phaseRow(
  what: string,
  { startS, listedS, blockMs, peakMb: peak, stopMs }: Phase,
  empty: Phase | null,
): Rows[number] {
  const megabytes = empty === null ? peak : peak - empty.peakMb;
  return {
    what,
    s: round(listedS, 1),
    'start s': round(startS, 1),
    'block ms': round(blockMs),
    MB: round(megabytes),
    'stop ms': round(stopMs),
  };
}

/** The metrics tell the longest since they were last asked. */
function watchBlock(orchestrator: TestOrchestrator): { end(): Promise<{ blockMs: number }> } {
  const stopped = new AbortController();
  let blockMs = 0;
  const look = async (): Promise<void> => {
    const text = await (await orchestrator.fetch('/metrics')).text();
    const seconds = Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1] ?? 0);
    blockMs = Math.max(blockMs, seconds * 1000);
  };
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      await look();
      await pause(LOOK_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
    await look();
  })();
  return {
    async end() {
      stopped.abort();
      await looking;
      return { blockMs };
    },
  };
}

async function stop(orchestrator: TestOrchestrator): Promise<number> {
  const begin = performance.now();
  await orchestrator.kill('SIGTERM');
  return performance.now() - begin;
}

function untilListed(orchestrator: TestOrchestrator): Promise<void> {
  return untilWatcher(orchestrator, ({ lastListingAt }) => lastListingAt !== null);
}

/** All that are there are listed, and it has begun to write the absences of those that are not. */
function untilSeen(orchestrator: TestOrchestrator, files: number): Promise<void> {
  return untilWatcher(orchestrator, watcher => watcher.files >= files);
}

interface Watcher {
  files: number;
  lastListingAt: string | null;
}

async function untilWatcher(orchestrator: TestOrchestrator, isSo: (watcher: Watcher) => boolean): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  for (;;) {
    const { items } = await orchestrator.get<{ items: Array<{ watcher: Watcher | null }> }>('/api/datasets');
    const watcher = items[0]?.watcher ?? null;
    if (watcher !== null && isSo(watcher)) return;
    if (performance.now() > until) throw new Error(`the files are not listed after ${LIMIT_MS / 60_000} min`);
    await pause(LOOK_MS);
  }
}

function questions(files: number): Array<[string, string]> {
  const name = nameOf(Math.floor(files / 3));
  return [
    ['a page of 100 runs', ''],
    ['a page of those that are done', `dataset=${DATASET}&state=done`],
    ['a search for a whole name', `file=${name}`],
    ['a search for its number, of those that are done', `file=${name.slice(-11, -4)}&state=done`],
    ['a search for what all have', 'file=delivery'],
    ['a search for what none has', 'file=nowhere'],
    ['a search for three letters', 'file=h_0'],
    ['a search for two letters that none has', 'file=zq'],
    ['a search for a digit', 'file=7'],
  ];
}

async function answerMs(orchestrator: TestOrchestrator, query: string): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const begin = performance.now();
    await orchestrator.get(`/api/runs?${query}`);
    times.push(performance.now() - begin);
  }
  return median(times);
}

/** The most memory that it ever had. */
function peakMb({ process: { pid } }: TestOrchestrator): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
