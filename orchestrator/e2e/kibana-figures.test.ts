// Real files through the real program into a real Elasticsearch, and what each panel of their dashboards shows there held
// against what DuckDB computes from the files themselves.
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { Client } from '@elastic/elasticsearch';
import { parse } from 'csv-parse/sync';
import { checkAgainstServer, type Shown } from '../kibana/check/check-server.ts';
import { findingText } from '../kibana/check/findings-text.ts';
import type { Finding } from '../kibana/check/finding.ts';
import { elasticsearchServer } from '../kibana/check/server/server.ts';
import { readText } from '../kibana/check/testing/check-example.ts';
import { compareWithRows, differences, showsIndex } from '../kibana/check/testing/compare.ts';
import { loadRows, type CsvForm } from '../kibana/check/testing/rows-table.ts';
import { fixture } from '../../scripts/fixtures.ts';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

interface RealDataset {
  /** Of the file in the dataset's folder. */
  file: string;
  form: Omit<CsvForm, 'path'>;
  transform?: string;
  /** Puts the file there. */
  place(path: string): Promise<void>;
  rows: number;
  /** Panels that its dashboard has at least, and figures in all. */
  panels: number;
  figures: number;
  /** A title of its own, in the language of the file. */
  says: RegExp;
}

const DATASETS: Readonly<Record<string, RealDataset>> = {
  flights: {
    file: 'flights.csv',
    form: { delimiter: ',', decimal: '.' },
    place: async path => copyFile(await fixture('flights.csv'), path),
    rows: 336_776,
    panels: 10,
    figures: 300,
    says: /Newest rows/,
  },
  weather: {
    file: 'seattle-weather.csv',
    form: { delimiter: ',', decimal: '.' },
    place: async path => copyFile(await fixture('seattle-weather.csv'), path),
    rows: 1461,
    panels: 8,
    figures: 100,
    says: /Newest rows/,
  },
  // Real collisions with birds, written as an authority in France publishes its files.
  collisions: {
    file: 'collisions.csv',
    form: { delimiter: ';', decimal: ',', dateFormat: '%d/%m/%Y' },
    transform: "TRANSFORM:\n  - minimal\n  - decimal_comma: ['MONTANT DES RÉPARATIONS']\n",
    place: async path => writeFile(path, await frenchCollisions()),
    rows: 10_000,
    panels: 8,
    figures: 50,
    says: /Dernières lignes/,
  },
  // Real places, as communes are published: a pair of latitude and longitude in one column.
  places: {
    file: 'communes.csv',
    form: { delimiter: ';', decimal: ',' },
    place: async path => writeFile(path, await frenchPlaces()),
    rows: 42_049,
    panels: 4,
    figures: 4,
    says: /Carte/,
  },
};

let folder: string;
let orchestrator: TestOrchestrator;
let client: Client;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

function indexOf(dataset: string): string {
  return `e2e-kibana-figures-${dataset}`;
}

before(async () => {
  client = new Client({ node: elasticsearchNode() });
  for (const dataset of Object.keys(DATASETS)) await openIndex(indexOf(dataset)).drop();
  const yamls = Object.entries(DATASETS).map(([dataset, { transform = '' }]) => [
    dataset,
    `WATCH_DIR: {folder}/${dataset}\nRUNNER: process\n${transform}LOAD:\n  index: ${indexOf(dataset)}\n`,
  ]);
  folder = await makeFolder(Object.fromEntries(yamls) as Record<string, string>);
  for (const [dataset, { file, place }] of Object.entries(DATASETS)) {
    await mkdir(join(folder, dataset));
    await place(join(folder, dataset, file));
  }
  orchestrator = await startOrchestrator(folder, {
    ELASTICSEARCH_NODE: elasticsearchNode(),
    METRICS_ELASTICSEARCH: 'off',
  });
  await orchestrator.waitForRuns('state=done', runs => runs.length === Object.keys(DATASETS).length, 300_000);
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  for (const dataset of Object.keys(DATASETS)) await openIndex(indexOf(dataset)).drop();
  await client?.close();
  connection?.closeSync();
  instance?.closeSync();
  if (folder !== undefined) await removeFolder(folder);
});

for (const [dataset, real] of Object.entries(DATASETS))
  describe(dataset, () => {
    let shown: Shown;
    const findings: Finding[] = [];

    test('its dashboard is exported, and has no mistake', async () => {
      const file = join(folder, `${dataset}.ndjson`);
      // What a busy server does not count in time is left out.
      await waitFor(
        `the whole dashboard of ${dataset}`,
        async () => {
          const exported = await orchestrator.command('kibana', 'export', dataset, '--out', file);
          assert.equal(exported.code, 0, exported.stderr);
          return real.says.test(await readFile(file, 'utf8'));
        },
        { timeoutMs: 120_000 },
      );
      const checked = await orchestrator.command('kibana', 'check', file);
      assert.equal(checked.code, 0, checked.stdout);
      const read = readText(await readFile(file, 'utf8'));
      const found = await checkAgainstServer(read.reading, elasticsearchServer(client));
      findings.push(...read.findings);
      assert.equal(found.length, 1);
      shown = found[0]!;
    });

    test('its titles are in the language of the file', () => {
      assert.ok(shown.dashboard.panels.some(({ title }) => real.says.test(title)));
    });

    test('no panel of its rows is empty, and all rows are in the time range', () => {
      const others = [...shown.panels].filter(([, figures]) => !showsIndex(figures, indexOf(dataset)));
      // Those of runs, which this orchestrator does not write to Elasticsearch.
      const titles = new Set(others.map(([{ title }]) => title));
      const told = findings.filter(({ panel }) => panel === null || !titles.has(panel));
      assert.deepEqual(told.map(findingText), []);
      const documents = [...shown.panels.values()].find(({ kind }) => kind === 'documents');
      assert.equal(documents?.kind === 'documents' ? documents.documents : 0, real.rows);
    });

    test('every figure of every panel is that of DuckDB', async () => {
      const pattern = indexOf(dataset);
      const view = [...shown.views.values()].find(mapped => mapped.view.pattern === pattern);
      assert.ok(view, `no data view is of ${pattern}`);
      await loadRows(connection, 'rows', { ...real.form, path: join(folder, dataset, real.file) }, view.fields);
      const compared = await compareWithRows(shown, { connection, table: 'rows', pattern });
      assert.deepEqual(differences(compared), []);
      const figures = compared.reduce((sum, panel) => sum + panel.figures.length, 0);
      assert.ok(compared.length >= real.panels, `${compared.length} panels are compared`);
      assert.ok(figures >= real.figures, `${figures} figures are compared`);
    });
  });

async function records(name: string): Promise<string[][]> {
  return (parse(await readFile(await fixture(name))) as string[][]).slice(1);
}

async function frenchCollisions(): Promise<string> {
  const rows = (await records('birdstrikes.csv')).map(cells => {
    const [year, month, day] = (cells[3] ?? '').split('-');
    const cost = (Number(cells[11]) / 8).toFixed(2).replace('.', ',');
    return [`${day}/${month}/${year}`, cells[4], cells[6], cells[7], cells[5], cost, cells[13]].join(';');
  });
  return ['Date du vol;Exploitant;Phase de vol;Taille;État;Montant des réparations;Vitesse', ...rows, ''].join('\r\n');
}

async function frenchPlaces(): Promise<string> {
  const rows = (await records('zipcodes.csv')).map(([code, lat, lon, city, , county]) =>
    [code, city, county, `${lat}, ${lon}`].join(';'),
  );
  return ['Code postal;Nom de la commune;Arrondissement;Coordonnées', ...rows, ''].join('\r\n');
}
