import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../clock.ts';
import { OrchestratorError } from '../../errors.ts';
import { HOLDER, T0, done, fileVersion, rowsRead, slotsOf } from '../conformance/hand.ts';
import { FINAL_STATES, type Finish, type Journal, type Run } from '../journal.ts';
import { openSqliteJournal } from './sqlite-journal.ts';
import { brokenInvariants } from './testing/invariants.ts';

const RUNS = 25;
const FILES = ['a', 'b', 'c'];

/** One call, made with whatever runs there are: `pick` chooses among those in a fitting state, and now and then among all. */
interface Step {
  call: keyof typeof CALLS;
  file: string;
  n: number;
  pick: number;
}

interface World {
  journal: Journal;
  now: number;
}

const FINISHES: Finish[] = [
  done(3),
  { to: 'done', rows: rowsRead(5, 2), error: null, toCheck: ['the sheet is a guess'] },
  { to: 'failed', rows: null, error: 'failed' },
  { to: 'quarantined', rows: rowsRead(1, 1), error: 'bad' },
  { to: 'cancelled', rows: null, error: 'cancelled' },
  { to: 'queued', dueAt: T0, counts: true, error: 'again' },
  { to: 'queued', dueAt: T0 + 50_000, counts: false, error: 'away' },
  {
    to: 'superseded',
    indexVersion: 30_000_000_000,
    repeated: { to: 'queued', dueAt: T0, counts: true, error: 'again' },
  },
];

const CALLS = {
  settle: (world: World, step: Step) => world.journal.settle({ ...at(world, step), priority: step.n % 2 }),
  queue: async (world: World, step: Step) => {
    const run = await choose(world, step, ['settling']);
    const request = { fileVersion: fileVersion(step.n), contentHash: `h${step.n % 2}`, now: world.now };
    if (run !== undefined) await world.journal.queue({ runId: run.id, ...request });
  },
  unsettle: async (world: World, step: Step) => {
    const run = await choose(world, step, ['settling']);
    if (run !== undefined) await world.journal.unsettle(run.id, 'gone', world.now);
  },
  absent: (world: World, step: Step) => world.journal.absent([{ ...at(world, step), remove: step.n % 2 === 0 }]),
  claim: (world: World, step: Step) => {
    const options = { free: 1 + (step.n % 3), strict: step.pick % 5 === 0, perFolder: step.pick % 7 === 0 };
    const slots = [
      slotsOf('sales', { ...options, order: (['arrival', 'name', 'mtime'] as const)[step.n % 3] ?? 'name' }),
    ];
    return world.journal.claim({ holder: HOLDER, leaseMs: 1000, now: world.now, slots, limit: 3 });
  },
  ledger: async (world: World, step: Step) => {
    const run = await choose(world, step, ['running']);
    if (run === undefined) return;
    const fileKey = `${run.file}-${step.n % 2}`;
    await world.journal.ledger(run, {
      fileKey,
      append: step.n % 2 === 0,
      rebuilds: false,
      indexFor: () => 'sales',
    });
    await world.journal.reserve(run, step.n);
  },
  finish: async (world: World, step: Step) => {
    const run = await choose(world, step, ['running']);
    const how = FINISHES[step.n % FINISHES.length] as Finish;
    if (run !== undefined) await world.journal.finish(run, how, world.now);
  },
  cancel: async (world: World, step: Step) => {
    const run = await choose(world, step, ['settling', 'queued', 'running']);
    if (run !== undefined) await world.journal.cancel(run.id, world.now);
  },
  replay: async (world: World, step: Step) => {
    const run = await choose(world, step, [...FINAL_STATES]);
    if (run !== undefined) await world.journal.replay(run.id, world.now);
  },
  mend: async (world: World, step: Step) => {
    const run = await choose(world, step, ['done']);
    if (run !== undefined) await world.journal.mend(run.id, '/mended.ndjson', world.now);
  },
  submit: (world: World, step: Step) =>
    world.journal.submit({ ...at(world, step), fileVersion: fileVersion(step.n), contentHash: `h${step.n % 2}` }),
  dispose: async (world: World, step: Step) => {
    const run = await choose(world, step, ['done', 'quarantined']);
    if (run === undefined || run.fileVersion === null) return;
    const { id: runId, file, fileVersion: version } = run;
    const moved = { source: `/in/${file}`, hidden: `/in/.${file}`, target: `/backup/${file}` };
    await world.journal.intend({ runId, kind: 'backup', ...moved, fileVersion: version, marker: null });
    await world.journal.closeDisposal(runId, step.n % 2 === 0 ? 'disposed' : 'put-back', null);
  },
  later: (world: World, step: Step) => {
    world.now += step.n * 1000 - 3000;
  },
  prune: (world: World) => world.journal.prune({ endedBefore: world.now }),
};

function at(world: World, step: Step) {
  return { dataset: 'sales', file: step.file, root: '/in', priority: 0, now: world.now };
}

async function choose(world: World, step: Step, states: Run['state'][]): Promise<Run | undefined> {
  const { items } = await world.journal.runs(step.pick % 11 === 0 ? {} : { states });
  return items[step.pick % Math.max(items.length, 1)];
}

const steps = fc.array(
  fc.record({
    call: fc.constantFrom(
      ...(Object.keys(CALLS) as Step['call'][]),
      'settle',
      'queue',
      'queue',
      'claim',
      'finish',
      'finish',
    ),
    file: fc.constantFrom(...FILES),
    n: fc.nat(20),
    pick: fc.nat(100),
  }) as fc.Arbitrary<Step>,
  { minLength: 10, maxLength: 60 },
);

describe('journal: any sequence of calls', () => {
  it('rules 2 and 4: keeps the invariants, never changes what has ended, and only raises versions', async () => {
    await fc.assert(fc.asyncProperty(steps, runSteps), { numRuns: RUNS });
  });
});

async function runSteps(sequence: Step[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'journal-property-'));
  const path = join(folder, 'journal.sqlite');
  const journal = openSqliteJournal({ path, clock: systemClock });
  const database = new DatabaseSync(path);
  try {
    const world = { journal, now: T0 };
    let before = new Map<string, Run>();
    for (const step of sequence) {
      await attempt(world, step);
      const after = new Map((await journal.runs({ limit: 1000 })).items.map(run => [run.id, run]));
      assertOnlyForward(before, after);
      assert.deepEqual(brokenInvariants(database), [], `after ${JSON.stringify(step)}`);
      before = after;
    }
  } finally {
    database.close();
    await journal.close();
    rmSync(folder, { recursive: true });
  }
}

/** A refusal is fine: that nothing then changed is what the invariants say. A refusal by the tables alone is not. */
async function attempt(world: World, step: Step): Promise<void> {
  try {
    await CALLS[step.call](world, step);
  } catch (error) {
    if (!(error instanceof OrchestratorError) || error.cause !== undefined) throw error;
  }
}

function assertOnlyForward(before: Map<string, Run>, after: Map<string, Run>): void {
  const highest = Math.max(0, ...[...before.values()].map(run => run.version ?? 0));
  for (const run of after.values()) {
    const old = before.get(run.id);
    if (old?.endedAt != null) {
      assert.deepEqual({ ...run, rowsMended: 0 }, { ...old, rowsMended: 0 });
      assert.ok(
        run.rowsMended >= old.rowsMended && run.rowsMended <= (run.rows?.rejected ?? 0),
        'rows mended only grow',
      );
    }
    if (run.version !== null && run.version !== old?.version)
      assert.ok(run.version > highest, 'a new version is the highest');
  }
}
