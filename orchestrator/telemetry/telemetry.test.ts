import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { done, LATER, rowsRead } from '../journal/conformance/hand.ts';
import { TelemetryBench } from './testing/bench.ts';
import { TestStreams } from './testing/streams.ts';

test('a run that has ended is a document, with what the journal says of it and no secret', async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  bench.start();
  const { hand, journal } = bench;
  await hand.arrive('2026/a.csv', 7);
  const run = await hand.claimOne();
  await hand.ledger(run);
  await journal.started(run, 'process', '123-456');
  hand.now += 1500;
  await hand.finish(run, {
    to: 'done',
    rows: { read: 10, loaded: 7, rejected: 2, filtered: 1, deleted: 3 },
    error: null,
    toCheck: ['look: s3cret'],
    valuesLeftOut: 4,
  });
  await hand.arrive('b.csv');
  const other = await hand.claimOne();
  await hand.finish(other, { to: 'quarantined', rows: rowsRead(0), error: `broken by s3cret ${'x'.repeat(2000)}` });
  await streams.waitForCount(streams.metrics, 2);
  const [first, second] = await streams.documents(streams.metrics);
  const ended = await journal.run(run.id);
  assert.deepEqual(first, {
    '@timestamp': new Date(ended!.endedAt!).toISOString(),
    data_stream: { type: 'metrics', dataset: 'orchestrator.runs', namespace: streams.namespace },
    ecs: { version: '8.17.0' },
    host: first!.host,
    service: { name: 'orchestrator', version: streams.version },
    event: {
      kind: 'event',
      dataset: 'sales',
      action: 'add',
      outcome: 'success',
      start: new Date(ended!.startedAt!).toISOString(),
      end: new Date(ended!.endedAt!).toISOString(),
      duration: 1_500_000_000,
    },
    file: { path: '2026/a.csv', size: 7 },
    orchestrator: {
      run: {
        id: run.id,
        state: 'done',
        runner: 'process',
        attempts: 1,
        retries: 0,
        rows: { read: 10, loaded: 7, rejected: 2, filtered: 1, deleted: 3 },
        values_left_out: 4,
        to_check: ['look: ***'],
        wait_ms: 0,
        duration_ms: 1500,
        index: 'sales',
        replay_of: null,
      },
    },
  });
  assert.equal(second!.event.outcome, 'failure');
  assert.match(second!.error.message, /^broken by \*\*\* x{900,}… \(2014 characters\)$/);
  assert.ok(second!.error.message.length <= 1000);
});

test('how datasets stand is told while something waits or changes, and no longer then', async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  const { hand } = bench;
  const { endedAt } = await hand.load('a.csv');
  await hand.arrive('b.csv', 1, 'hash', 'stock');
  const waits = await hand.claimOne('stock');
  await hand.finish(waits, { ...LATER, error: 'the target is away, s3cret' });
  const telemetry = bench.start({}, { snapshotMs: 20 });
  const states = async () => (await streams.documents(streams.metrics)).filter(({ event }) => event.kind === 'state');
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 600);
  await promise;
  await telemetry.stop();
  const told = await states();
  const of = (name: string) => told.filter(({ event }) => event.dataset === name);
  assert.equal(of('sales').length, 1, 'it does not change');
  assert.ok(of('stock').length > 3, 'it waits');
  assert.deepEqual(of('sales')[0]!.orchestrator.dataset, {
    settling: 0,
    queued: 0,
    running: 0,
    paused: false,
    waits_for: 'nothing',
    failed: 0,
    to_check: 0,
    rows: 10,
    rows_to_mend: 0,
    last_load: new Date(endedAt!).toISOString(),
  });
  const stock = of('stock').at(-1)!.orchestrator.dataset;
  assert.deepEqual([stock.queued, stock.waits_for, stock.last_load], [1, 'the target is away, ***', null]);
});

test('what containers and processes printed is found by run, dataset and file, without secrets and messages of the contract', async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  bench.start();
  const { hand, journal } = bench;
  await hand.arrive('a.csv');
  const run = await hand.claimOne();
  const container = 'c0ffee'.repeat(11).slice(0, 64);
  await journal.started(run, 'docker', container);
  bench.print(
    run.id,
    1,
    'connecting with s3cret\n{"type":"progress","rows":1}\n{"type":"error","message":"no good"}\n\u001b[31mred\n',
  );
  await journal.finish(run, { to: 'queued', dueAt: hand.now, counts: true, error: 'again' }, hand.now, 1);
  hand.now += 10;
  const again = await hand.claimOne();
  await hand.ledger(again);
  await journal.started(again, 'process', '4711-99');
  bench.print(run.id, 2, 'well\n');
  await hand.finish(again, done(1));
  await streams.waitForCount(streams.logs, 4);
  const lines = await streams.documents(streams.logs);
  const told = lines.map(line => [line.message, line['log.level'], line['labels.attempt'], line['event.sequence']]);
  assert.deepEqual(
    told.toSorted((one, other) => (String(one) < String(other) ? -1 : 1)),
    [
      ['\\u001b[31mred', 'info', '1', 4],
      ['connecting with ***', 'info', '1', 1],
      ['no good', 'error', '1', 3],
      ['well', 'info', '2', 1],
    ],
  );
  for (const line of lines) {
    assert.deepEqual([line['labels.run_id'], line['event.dataset'], line['file.path']], [run.id, 'sales', 'a.csv']);
    assert.equal(line['container.id'], line['labels.attempt'] === '1' ? container : undefined);
    assert.equal(line['process.pid'], line['labels.attempt'] === '1' ? undefined : 4711);
  }
});

test('of runs that went well nothing printed is written unless all is wanted', async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  const { hand } = bench;
  const good = await hand.load('good.csv');
  bench.print(good.id, 1, 'fine\n');
  const bad = await hand.reject('bad.csv');
  bench.print(bad.id, 1, 'bad\n');
  bench.start({ logRunsElasticsearch: 'problems' });
  await streams.waitForCount(streams.metrics, 2);
  await streams.waitForCount(streams.logs, 1);
  assert.equal((await streams.documents(streams.logs))[0]!.message, 'bad');
});

test('a log that can’t be read is said to be, and holds up no other', async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  const unreadable = await bench.hand.reject('a.csv');
  mkdirSync(join(bench.dataDir, 'logs', unreadable.id, '1.log'), { recursive: true });
  bench.print((await bench.hand.reject('b.csv')).id, 1, 'bad\n');
  bench.start();
  await streams.waitForCount(streams.logs, 2);
  const messages = (await streams.documents(streams.logs)).map(({ message }) => String(message));
  assert.ok(messages.includes('bad'));
  assert.ok(
    messages.some(message => /^\(what was printed can't be read: .*not a regular file\)$/.test(message)),
    messages.join('\n'),
  );
});

test('what is switched off is not written', async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  const { id } = await bench.hand.load('a.csv');
  bench.print(id, 1, 'line\n');
  await bench.start({ metricsElasticsearch: 'off' }).stop();
  assert.equal(await streams.count(streams.metrics), 0);
  assert.equal(await streams.count(streams.logs), 1);
  await bench.start({ logElasticsearch: 'off' }).stop();
  assert.equal(await streams.count(streams.metrics), 1);
});

test('of an old journal what ended within the retention is told', async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  const { hand } = bench;
  hand.now = Date.now() - 31 * 86_400_000;
  await hand.load('old.csv');
  hand.now = Date.now() - 86_400_000;
  await hand.load('new.csv');
  await bench.start().stop();
  assert.deepEqual(
    (await streams.documents(streams.metrics)).map(({ file }) => file.path),
    ['new.csv'],
  );
});
