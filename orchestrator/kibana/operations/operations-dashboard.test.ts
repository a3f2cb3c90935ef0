import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import type { Finish } from '../../journal/journal.ts';
import { done, LATER, rowsRead } from '../../journal/conformance/hand.ts';
import { TelemetryBench } from '../../telemetry/testing/bench.ts';
import { TestStreams } from '../../telemetry/testing/streams.ts';
import { checkAgainstServer } from '../check/check-server.ts';
import type { PanelFigures } from '../check/figures/panel-figures.ts';
import { findingText } from '../check/findings-text.ts';
import { elasticsearchServer } from '../check/server/server.ts';
import { readText } from '../check/testing/check-example.ts';
import type { Dashboard } from '../dashboard.ts';
import { toNdjson } from '../objects/ndjson.ts';
import { savedObjects } from '../objects/saved-objects.ts';
import { operationsDashboard } from './operations-dashboard.ts';

const HOUR_MS = 3_600_000;

/** The dashboard over a test's own documents. */
function ofTest(streams: TestStreams): Dashboard {
  const own = `service.version: "${streams.version}"`;
  const dashboard = operationsDashboard({ pageUrl: 'https://etl.example.org' });
  const [runs, log] = dashboard.views;
  return {
    ...dashboard,
    views: [
      { ...runs!, pattern: streams.metrics },
      { ...log!, pattern: streams.logs },
    ],
    panels: dashboard.panels.map(panel => ({
      ...panel,
      filter: panel.filter === undefined ? own : `(${panel.filter}) and ${own}`,
    })),
  };
}

/** Sixty runs over ten hours, with every end that there is, of two datasets; and one that waits. */
async function makeRuns(bench: TelemetryBench): Promise<void> {
  const { hand, journal } = bench;
  const begin = Date.now() - 10 * HOUR_MS;
  const ends: Array<(n: number) => Finish> = [
    n => ({ to: 'done', rows: rowsRead(100 + n, n % 7), error: null }),
    n => ({ to: 'done', rows: rowsRead(10 * n), error: null, toCheck: ['look at it'] }),
    () => done(5),
    () => ({ to: 'quarantined', rows: rowsRead(4, 4), error: 'not one row fits' }),
    n => ({ to: 'failed', rows: null, error: `given up after ${n}` }),
    () => ({ to: 'cancelled', rows: null, error: 'by a person' }),
  ];
  for (let n = 0; n < 60; n += 1) {
    const dataset = n % 3 === 0 ? 'stock' : 'sales';
    hand.now = begin + n * 9 * 60_000;
    await hand.arrive(`${n}.csv`, n + 1, `hash${n}`, dataset);
    hand.now += 10 * n;
    const run = await hand.claimOne(dataset);
    await hand.ledger(run);
    await journal.started(run, 'process', `${n + 1}-9`);
    bench.print(run.id, 1, `reading ${n}\n{"type":"error","message":"line of ${n}"}\n`);
    hand.now += 1000 + 37 * n;
    await hand.finish(run, ends[n % ends.length]!(n));
  }
  await hand.arrive('late.csv', 1, 'hash', 'stock');
  await hand.finish(await hand.claimOne('stock'), { ...LATER, error: 'the target is away' });
}

async function shown(context: TestContext) {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  await makeRuns(bench);
  bench.start({}, { snapshotMs: 50 });
  await streams.waitForCount(streams.logs, 120);
  const states = async () => (await streams.documents(streams.metrics)).filter(({ event }) => event.kind === 'state');
  while ((await states()).length < 3);
  const { reading, findings } = readText(toNdjson(savedObjects(ofTest(streams))));
  const [dashboard] = await checkAgainstServer(reading, elasticsearchServer(streams.client));
  const mistakes = findings.filter(({ level, what }) => level === 'mistake' || /empty/.test(what));
  assert.deepEqual(mistakes.map(findingText), []);
  const panels = new Map([...dashboard!.panels].map(([panel, figures]) => [panel.title, figures]));
  const journal = new DatabaseSync(join(bench.dataDir, 'journal.sqlite'), { readOnly: true });
  context.after(() => journal.close());
  return { panels, journal };
}

type Row = Array<string | number | null>;

/** What a panel shows: keys and figures, without groups of which there is nothing. */
function rowsOf(figures: PanelFigures | undefined): Row[] {
  assert.ok(figures?.kind === 'layers' && figures.layers.length === 1 && figures.not.length === 0);
  return figures.layers[0]!.rows.map(row => [
    ...row.keys.map(key => (key.kind === 'value' ? key.value : 'others')),
    ...row.figures,
  ])
    .filter((row, at) => at === 0 || row.some(value => typeof value === 'number' && value > 0))
    .filter(row => figures.layers[0]!.groups.length === 0 || row.slice(figures.layers[0]!.groups.length).some(Boolean));
}

function sorted(rows: readonly Row[]): string[] {
  return rows.map(row => JSON.stringify(row)).toSorted();
}

const ENDED = `FROM runs WHERE ended_at IS NOT NULL`;
const LOADED = `${ENDED} AND state = 'done' AND action <> 'delete'`;
const HOUR = `ended_at / ${HOUR_MS} * ${HOUR_MS}`;
const OUTCOME = `CASE state WHEN 'done' THEN 'success' WHEN 'failed' THEN 'failure' WHEN 'quarantined' THEN 'failure' ELSE 'unknown' END`;

/** By the title of the panel: the same figures from the journal. */
const FROM_JOURNAL: Record<string, string> = {
  'Runs that ended': `SELECT count(*) ${ENDED}`,
  'Files loaded': `SELECT count(*) ${LOADED}`,
  'Rows loaded': `SELECT sum(rows_loaded) ${ENDED}`,
  'Rows rejected': `SELECT sum(rows_rejected) ${ENDED}`,
  'Runs that failed': `SELECT count(*) ${ENDED} AND state IN ('failed', 'quarantined')`,
  'Runs to check': `SELECT count(*) ${ENDED} AND to_check IS NOT NULL`,
  'Runs per hour, by state': `SELECT state, ${HOUR}, count(*) ${ENDED} GROUP BY 1, 2`,
  'Files loaded per hour, by dataset': `SELECT dataset, ${HOUR}, count(*) ${LOADED} GROUP BY 1, 2`,
  'Rows per hour': `SELECT ${HOUR}, sum(rows_loaded), sum(rows_rejected), sum(rows_filtered) ${ENDED} GROUP BY 1`,
  'Rejected rows, by dataset': `SELECT dataset, sum(rows_rejected) ${ENDED} AND rows_rejected > 0 GROUP BY 1`,
  'Outcome of runs': `SELECT ${OUTCOME}, count(*) ${ENDED} GROUP BY 1`,
  'Last load of each dataset, within 30 days': `SELECT dataset, max(ended_at), count(*), sum(rows_loaded) ${LOADED} GROUP BY 1`,
};

test('every figure of the operations dashboard is what the journal says', async context => {
  const { panels, journal } = await shown(context);
  const all = (sql: string) =>
    journal
      .prepare(sql)
      .all()
      .map(row => Object.values(row) as Row);
  for (const [title, sql] of Object.entries(FROM_JOURNAL)) {
    const expected = all(sql).map(row => (title.startsWith('Rows per') ? row.map(value => value ?? 0) : row));
    // Of an hour without a row nothing is drawn.
    const visible =
      expected.length === 1
        ? expected
        : expected.filter(row => row.slice(1).some(value => typeof value === 'number' && value > 0));
    const there = rowsOf(panels.get(title)).map(row => row.map(value => value ?? 0));
    assert.deepEqual(sorted(there), sorted(visible), title);
  }
  for (const [title, from, to] of [
    ['How long runs take', 'started_at', 'ended_at'],
    ['How long files wait for their run', 'queued_at', 'started_at'],
  ] as const) {
    const there = rowsOf(panels.get(title));
    assert.ok(there.length >= 9, `${title}: ${there.length} hours`);
    for (const [hour, ...figures] of there) {
      const times = all(`SELECT ${to} - ${from} ${ENDED} AND ${HOUR} = ${hour} ORDER BY 1`).map(([time]) =>
        Number(time),
      );
      for (const [at, percent] of [50, 95].entries()) assertPercentile(Number(figures[at]), times, percent, title);
    }
  }
});

/** However it is made up between two values, it is between those that are beside its rank. */
function assertPercentile(figure: number, values: readonly number[], percent: number, title: string): void {
  const rank = (percent / 100) * (values.length - 1);
  const [low, high] = [
    values[Math.max(0, Math.floor(rank - 0.5))]!,
    values[Math.min(values.length - 1, Math.ceil(rank + 0.5))]!,
  ];
  assert.ok(figure >= low - 1 && figure <= high + 1, `${title}: p${percent} of ${values.join()} is ${figure}`);
}

test('what waits now, the failures with their reason, and the log with its levels are shown', async context => {
  const { panels, journal } = await shown(context);
  const waiting = new Map(rowsOf(panels.get('What waits and runs now')).map(([dataset, ...row]) => [dataset, row]));
  assert.deepEqual(waiting.get('stock')?.slice(0, 3), [1, 0, 'the target is away']);
  const failed = (title: string) => {
    const figures = panels.get(title);
    assert.ok(figures?.kind === 'documents');
    return figures;
  };
  const [reasons] = journal
    .prepare(`SELECT group_concat(error) AS all_of_them ${ENDED} AND state IN ('failed', 'quarantined')`)
    .all();
  const told = failed('Failures, with their reason');
  assert.equal(told.documents, 20);
  for (const row of told.rows) assert.ok(String(reasons!['all_of_them']).includes(String(row['error.message'])));
  assert.equal(failed('Done, and to check').documents, 10);
  assert.equal(failed('The log').documents, 120);
  const levels = new Map<string, number>();
  for (const [level, , count] of rowsOf(panels.get('Lines of the log, by level')))
    levels.set(String(level), (levels.get(String(level)) ?? 0) + Number(count));
  assert.deepEqual(Object.fromEntries(levels), { error: 60, info: 60 });
});
