import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test, type TestContext } from 'node:test';
import { done } from '../journal/conformance/hand.ts';
import { waitFor } from '../testing/wait-for.ts';
import { TelemetryBench } from './testing/bench.ts';
import { Gate, refuse } from './testing/gate.ts';
import { TestStreams } from './testing/streams.ts';

const TELL = fileURLToPath(new URL('testing/tell.ts', import.meta.url));
const BULK = /\/_bulk/;
const WITHIN = { timeout: 60_000 };

/** Files that are loaded, each with a run of its own. */
async function loadMany(bench: TelemetryBench, count: number, error: string | null = null): Promise<void> {
  const { hand } = bench;
  const names = Array.from({ length: count }, (_, n) => `${n}.csv`);
  await Promise.all(names.map(name => hand.arrive(name)));
  const claimed = (await hand.claim({ free: count }, count)).flat();
  await Promise.all(claimed.map(run => hand.ledger(run)));
  await Promise.all(claimed.map(run => hand.finish(run, { ...done(3), error })));
}

function tell(context: TestContext, bench: TelemetryBench, node: string, streams: TestStreams, flags: string[] = []) {
  const args = [...flags, TELL, bench.dataDir, node, streams.namespace, streams.version];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  context.after(() => child.kill('SIGKILL'));
  const said: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
  return { child, said: () => Buffer.concat(said).toString() };
}

async function assertOnce(streams: TestStreams, count: number): Promise<void> {
  await streams.waitForCount(streams.metrics, count);
  const ids = (await streams.documents(streams.metrics)).map(({ orchestrator }) => orchestrator.run.id);
  assert.equal(new Set(ids).size, count);
}

test(
  'each run is told once, whenever whoever tells is killed, also where the stream was rolled over in between',
  WITHIN,
  async context => {
    const streams = new TestStreams(context);
    const bench = new TelemetryBench(context, streams);
    await loadMany(bench, 1800);
    const gate = await Gate.open(context, streams.node);
    let bulks = 0;
    for (const killedAt of [1, 2, 1]) {
      const { child } = tell(context, bench, gate.url, streams);
      bulks = 0;
      gate.judge = {
        // It is in the stream, and nobody will know that it is.
        after: ({ url }) => BULK.test(url ?? '') && (bulks += 1) >= killedAt && child.kill('SIGKILL'),
      };
      await once(child, 'exit');
      await streams.client.indices.rollover({ alias: streams.metrics });
    }
    gate.judge = {};
    tell(context, bench, gate.url, streams);
    await assertOnce(streams, 1800);
  },
);

test(
  'where Elasticsearch is away nothing waits for it, and it learns later what happened meanwhile',
  WITHIN,
  async context => {
    const streams = new TestStreams(context);
    const bench = new TelemetryBench(context, streams);
    const gate = await Gate.open(context, streams.node);
    gate.isShut = true;
    const elasticsearch = { nodes: [gate.url], apiKey: null, username: null, password: null, ca: null };
    const telemetry = bench.start({ elasticsearch });
    await bench.hand.load('a.csv');
    await waitFor('it says that it is away', () => bench.said.length > 0);
    await loadMany(bench, 20);
    const begin = performance.now();
    await telemetry.stop();
    assert.ok(performance.now() - begin < 1000, 'a stop does not wait for it either');
    assert.match(
      bench.said.join(''),
      /runs can't be written to metrics-orchestrator\.runs-test: .*; they wait, and nothing else waits for them/,
    );
    bench.said.length = 0;
    bench.start({ elasticsearch });
    await bench.hand.load('b.csv');
    await waitFor('it says that it is away', () => bench.said.length > 0);
    gate.isShut = false;
    await assertOnce(streams, 22);
    await waitFor('it says that it is back', () => bench.said.some(line => line.includes('are written to')));
  },
);

test('an answer that gets lost makes no run twice', WITHIN, async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  await loadMany(bench, 30);
  const gate = await Gate.open(context, streams.node);
  let lost = 0;
  gate.judge = { after: ({ url }) => BULK.test(url ?? '') && (lost += 1) <= 2 };
  bench.start({ elasticsearch: { nodes: [gate.url], apiKey: null, username: null, password: null, ca: null } });
  await assertOnce(streams, 30);
});

test('a user who may make no template, nor search, writes all the same; that is said once', WITHIN, async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  // There is the stream.
  await bench.hand.load('a.csv');
  await bench.start().stop();
  const gate = await Gate.open(context, streams.node);
  gate.judge = {
    before: ({ url = '' }, response) => !BULK.test(url) && refuse(response, 403, 'security_exception'),
  };
  const elasticsearch = { nodes: [gate.url], apiKey: null, username: null, password: null, ca: null };
  bench.said.length = 0;
  const telemetry = bench.start({ elasticsearch, telemetryRetention: '7d' });
  await loadMany(bench, 3);
  await assertOnce(streams, 4);
  await bench.hand.load('b.csv');
  await assertOnce(streams, 5);
  await telemetry.stop();
  assert.equal(
    bench.said.filter(line => line.includes(`the index template metrics-orchestrator.runs can't be made`)).length,
    1,
  );
});

test('a user who may not write is told so once, and what waits is written once he may', WITHIN, async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  const gate = await Gate.open(context, streams.node);
  gate.judge = { before: ({ url = '' }, response) => BULK.test(url) && refuse(response, 403, 'security_exception') };
  bench.start({ elasticsearch: { nodes: [gate.url], apiKey: null, username: null, password: null, ca: null } });
  await loadMany(bench, 3);
  await waitFor('it was tried twice', () => gate.asked.filter(asked => BULK.test(asked)).length > 1);
  gate.judge = {};
  await assertOnce(streams, 3);
  const told = bench.said.filter(line => line.includes("runs can't be written") && line.includes('security_exception'));
  assert.equal(told.length, 1, bench.said.join(''));
});

test('an older journal that was restored makes no run twice, however much it tells again', WITHIN, async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  await loadMany(bench, 1200);
  await bench.start().stop();
  await assertOnce(streams, 1200);
  // Of a journal that was copied before they were told.
  await bench.journal.setTold('metrics', { changed: 0, seq: 0 });
  await streams.client.indices.rollover({ alias: streams.metrics });
  await bench.start().stop();
  await streams.waitForCount(streams.metrics, 1200);
});

test('where a proxy takes no large request, documents go in smaller ones', WITHIN, async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  await loadMany(bench, 20);
  const gate = await Gate.open(context, streams.node);
  gate.judge = {
    before({ url = '', headers }, response) {
      if (!BULK.test(url) || Number(headers['content-length']) < 4000) return false;
      response.writeHead(413, { 'content-type': 'text/html' }).end('<html>413 Request Entity Too Large</html>');
      return true;
    },
  };
  bench.start({ elasticsearch: { nodes: [gate.url], apiKey: null, username: null, password: null, ca: null } });
  await assertOnce(streams, 20);
});

test('an index behind the stream that somebody closed keeps nothing back', WITHIN, async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  await bench.hand.load('a.csv');
  const gate = await Gate.open(context, streams.node);
  // As Elasticsearch does: closing one of those that all tests share would disturb them.
  gate.judge = {
    before: ({ url = '' }, response) =>
      /_(refresh|search)\b/.test(url) &&
      !url.includes('ignore_unavailable=true') &&
      refuse(response, 400, 'index_closed_exception'),
  };
  bench.start({ elasticsearch: { nodes: [gate.url], apiKey: null, username: null, password: null, ca: null } });
  await assertOnce(streams, 1);
});

test('ten thousand runs that ended meanwhile are told in little memory', { timeout: 180_000 }, async context => {
  const streams = new TestStreams(context);
  const bench = new TelemetryBench(context, streams);
  // 200 MB of errors, of which 10 MB are told; --max-old-space-size would end a process that held them.
  for (let part = 0; part < 10; part += 1) await loadMany(bench, 1000, 'x'.repeat(20_000));
  const { child, said } = tell(context, bench, streams.node, streams, ['--max-old-space-size=80']);
  await waitFor(
    'all are told',
    async () => {
      assert.equal(child.exitCode ?? child.signalCode, null, said());
      return (await streams.count(streams.metrics)) === 10_000;
    },
    { timeoutMs: 120_000 },
  );
  const peakKb = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
  context.diagnostic(`peak memory of the process: ${Math.round(peakKb / 1024)} MB`);
  assert.ok(peakKb < 300 * 1024);
});
