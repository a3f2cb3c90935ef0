import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { systemClock } from '../clock.ts';
import { parseEnvironment } from '../config/environment.ts';
import { loadDatasets } from '../config/load.ts';
import type { Journal } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { checkStructure } from '../kibana/check/check-structure.ts';
import type { Finding } from '../kibana/check/finding.ts';
import { readObjects } from '../kibana/check/read-objects.ts';
import type { CommandDeps } from './deps.ts';
import { createProgram } from './program.ts';

const node = process.env['ELASTICSEARCH_NODE'];
const INDEX = `kibana-export-test-${process.pid}`;
const env = { ELASTICSEARCH_NODE: node, PUBLIC_URL: 'https://etl.example.org' };
let folder: string;
let journal: Journal;
let client: Client;
let [shown, told] = ['', ''];

before(async () => {
  if (!node) throw new Error('ELASTICSEARCH_NODE is not set: npm test starts an Elasticsearch and sets it');
  client = new Client({ node });
  folder = await mkdtemp(join(tmpdir(), 'kibana-export-'));
  journal = openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
  await mkdir(join(folder, 'config'));
  await configure('flights', `{ index: ${INDEX} }`);
  await configure('empty', `{ index: ${INDEX}-none }`);
  await configure('lake', '{ target: lake }');
  await configure('quiet', `{ index: ${INDEX}, dashboard: false }`);
  await client.bulk({
    refresh: true,
    operations: [1, 2, 3].flatMap(day => [
      { index: { _index: INDEX } },
      { CARRIER: 'UA', 'a "field"': 'x', TIME_HOUR: `2013-01-0${day}T05:00:00Z`, DISTANCE: day * 100 },
    ]),
  });
});

after(async () => {
  await client.indices.delete({ index: INDEX, ignore_unavailable: true });
  await client.close();
  await journal.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  [shown, told] = ['', ''];
});

test('all that have rows in Elasticsearch are printed; why others are not is told, and is no failure', async () => {
  assert.equal(await orchestrator('export'), 0);
  assert.deepEqual(dashboardsIn(shown), ['Flights']);
  assert.match(told, /^empty has no rows in Elasticsearch yet$/m);
  assert.match(told, /^lake has its rows in lake, not in Elasticsearch$/m);
  assert.match(told, /^quiet wants no dashboard \(LOAD\.dashboard: false\)$/m);
});

test('what is printed is the same each time, and is as Kibana wants it', async () => {
  await orchestrator('export', 'flights', '--operations');
  const first = shown;
  shown = '';
  await orchestrator('export', 'flights', '--operations');
  assert.equal(shown, first);
  const findings: Finding[] = [];
  checkStructure(readObjects('stdout', first, findings), findings);
  assert.deepEqual(findings, []);
});

test('a dataset that is named and has no dashboard is a failure; so is one that nobody knows', async () => {
  assert.equal(await orchestrator('export', 'flights', 'empty'), 1);
  assert.deepEqual(dashboardsIn(shown), ['Flights']);
  assert.equal(await orchestrator('export', 'empty'), 1);
  assert.match(told, /there is no dashboard to export/);
  assert.equal(await orchestrator('export', 'sales'), 1);
  assert.match(told, /there is no dataset sales: there are .*flights/);
});

test('runs are linked to where PUBLIC_URL, or --url, says that the page is', async () => {
  await orchestrator('export', 'flights', '--operations');
  assert.match(shown, /https:\/\/etl\.example\.org\/#run=\{\{value\}\}/);
  shown = '';
  await orchestrator('export', 'flights', '--operations', '--url', 'http://here:8080/');
  assert.match(shown, /http:\/\/here:8080\/#run=\{\{value\}\}/);
  assert.equal(await orchestrator('export', '--url', 'javascript:1'), 1);
  assert.match(told, /--url must be an http or https address/);
});

test('--explain says why each column is shown as it is, beside the file', async () => {
  await orchestrator('export', 'flights');
  assert.doesNotMatch(told, /averaged|adds up/);
  const plain = shown;
  shown = '';
  await orchestrator('export', 'flights', '--explain');
  assert.match(told, /^flights: The language is English/m);
  assert.equal(shown, plain);
});

test('--out writes one file, or one for each dataset into a folder, over what is there', async () => {
  const out = join(folder, 'dashboards');
  assert.equal(await orchestrator('export', '--operations', '--out', out), 0);
  assert.deepEqual((await readdir(out)).toSorted(), ['_operations.ndjson', 'flights.ndjson']);
  await writeFile(join(out, 'flights.ndjson'), 'old');
  await orchestrator('export', 'flights', '--out', out);
  assert.deepEqual(dashboardsIn(await readFile(join(out, 'flights.ndjson'), 'utf8')), ['Flights']);
  const file = join(folder, 'all.ndjson');
  await orchestrator('export', '--operations', '--out', file);
  assert.equal(dashboardsIn(await readFile(file, 'utf8')).length, 2);
  assert.match(told, new RegExp(`written to ${file}`));
  assert.equal(shown, '');
  assert.equal(await orchestrator('export', '--out', join(file, 'below')), 1);
  assert.match(told, /dashboards can't be written to .*ENOTDIR/);
});

async function configure(name: string, load: string): Promise<void> {
  const watched = join(folder, name);
  await mkdir(watched);
  await writeFile(join(folder, 'config', `${name}.yaml`), `WATCH_DIR: ${watched}\nLOAD: ${load}\n`);
}

/** Titles, in their order. */
function dashboardsIn(ndjson: string): string[] {
  const objects = ndjson
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { type: string; attributes: { title: string } });
  return objects.filter(({ type }) => type === 'dashboard').map(({ attributes }) => attributes.title);
}

function orchestrator(...args: string[]): Promise<number> {
  return createProgram(dependencies()).run(['kibana', ...args]);
}

/** What `kibana export` asks for. */
function dependencies(): CommandDeps {
  const settings = parseEnvironment(env, folder);
  return {
    version: '0.0.0',
    terminal: {
      write: text => void (shown += text),
      writeContent: content => void (shown += content.toString()),
      writeError: text => void (told += text),
      isInteractive: false,
      width: null,
      hasColour: false,
      stderr: new PassThrough(),
    },
    now: Date.now,
    interrupted: new AbortController().signal,
    async config() {
      const { datasets } = await loadDatasets(join(folder, 'config'), env, { root: folder });
      return { datasets, errors: [], warnings: [] };
    },
    withJournal: work => work(journal),
    elasticsearch: () => settings.elasticsearch,
    kibana: () => settings.kibana,
    publicUrl: () => settings.publicUrl,
  } as Partial<CommandDeps> as CommandDeps;
}
