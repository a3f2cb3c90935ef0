import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fixture } from '../../../scripts/fixtures.ts';
import { checkAgainstServer } from '../check/check-server.ts';
import { checkStructure } from '../check/check-structure.ts';
import type { Finding } from '../check/finding.ts';
import { findingText } from '../check/findings-text.ts';
import { readObjects } from '../check/read-objects.ts';
import { elasticsearchServer } from '../check/server/server.ts';
import type { Dashboard } from '../dashboard.ts';
import type { DatasetDashboard } from '../dashboard-of.ts';
import { toNdjson } from '../objects/ndjson.ts';
import { savedObjects } from '../objects/saved-objects.ts';
import { LoadedDataset, NOW, type ToLoad } from '../testing/planned.ts';

// What is made of four datasets of different kinds, as a person would see it: a change here is a change of what people
// see. The checker finds nothing to say of any of them, also where it only doubts.

async function dashboardOf(context: TestContext, file: ToLoad): Promise<DatasetDashboard> {
  const dataset = new LoadedDataset(context);
  await dataset.load(file);
  const found = await dataset.dashboard({}, { hasRuns: false });
  const findings: Finding[] = [];
  const reading = checkStructure(readObjects('test', toNdjson(savedObjects(found.dashboard)), findings), findings);
  await checkAgainstServer(reading, elasticsearchServer(dataset.client), NOW);
  const wrong = findings.filter(({ level }) => level !== 'note');
  assert.deepEqual(wrong.map(findingText), []);
  return found;
}

const seen = ({ panels, controls }: Dashboard) => ({
  controls: controls.map(({ title }) => title),
  panels: panels.map(({ kind, title }) => `${kind} ${title}`),
});

test('flights: delays are averaged together, and clock times, years and flight numbers are not', async context => {
  const content = readFileSync(await fixture('flights.csv'));
  const { dashboard, reasons } = await dashboardOf(context, { content });
  assert.deepEqual(seen(dashboard), {
    controls: ['Origin', 'Carrier', 'Dest'],
    panels: [
      'figure Rows',
      'figure Distance, total',
      'figure Dep delay, average',
      'figure Arr delay, average',
      'figure Air time, average',
      'chart Rows over time',
      'chart Distance, total over time',
      'chart Dep delay, Arr delay, average over time',
      'chart Air time, average over time',
      'share Origin',
      'chart Carrier, top 10',
      'chart Dest, top 10',
      'table By Carrier',
      'documents Newest rows',
    ],
  });
  assert.deepEqual(dashboard.timeRange, { from: '2013-01-01T00:00:00.000Z', to: '2014-01-01T23:59:59.999Z' });
  assert.deepEqual(dashboard.views[0]?.formats['YEAR'], { as: 'number', pattern: '0' });
  for (const reason of [
    'The language is English',
    'ARR_TIME, SCHED_ARR_TIME: each is a time of day',
    'FLIGHT is a number of a thing',
    'TAILNUM has 40',
  ])
    assert.ok(reasons.join('\n').includes(reason), reason);
});

test('seattle-weather: rain adds up, temperatures share a chart by month', async context => {
  const content = readFileSync(await fixture('seattle-weather.csv'));
  const { dashboard } = await dashboardOf(context, { content });
  assert.deepEqual(seen(dashboard), {
    controls: ['Weather'],
    panels: [
      'figure Rows',
      'figure Precipitation, total',
      'figure Temp max, average',
      'figure Temp min, average',
      'figure Wind, average',
      'chart Rows over time',
      'chart Precipitation, total over time',
      'chart Temp max, Temp min, average over time',
      'chart Wind, average over time',
      'share Weather',
      'table By Weather',
      'documents Newest rows',
    ],
  });
  const chart = dashboard.panels.find(({ key }) => key === 'over-time');
  assert.ok(chart?.kind === 'chart' && chart.groups.by === 'time' && chart.groups.interval === '1M');
});

test('French sales of houses (made up): commas, days first, and words in French', async context => {
  const { dashboard, reasons } = await dashboardOf(context, {
    content: salesOfHouses(),
    transform: ['minimal', { decimal_comma: ['VALEUR FONCIÈRE'] }],
  });
  assert.deepEqual(seen(dashboard), {
    controls: ['Commune', 'Type local'],
    panels: [
      'figure Lignes',
      'figure Valeur foncière, total',
      'figure Surface bâtie, total',
      'figure Nombre de lots, total',
      'chart Lignes au fil du temps',
      'chart Valeur foncière, total au fil du temps',
      'chart Surface bâtie, total au fil du temps',
      'chart Nombre de lots, total au fil du temps',
      'chart Commune',
      'share Type local',
      'table Par Commune',
      'documents Dernières lignes',
    ],
  });
  assert.deepEqual(dashboard.views[0]?.formats, {
    'DATE MUTATION': { as: 'date', pattern: 'DD/MM/YYYY' },
    'VALEUR FONCIÈRE': { as: 'number', pattern: '0,0.00' },
    'N° VOIE': { as: 'number', pattern: '0' },
    'SURFACE BÂTIE': { as: 'number', pattern: '0,0' },
    'NOMBRE DE LOTS': { as: 'number', pattern: '0,0' },
  });
  assert.match(reasons.join('\n'), /CODE COMMUNE says the same as COMMUNE/);
  assert.match(reasons.join('\n'), /SURFACE CARREZ has decimal commas/);
});

test('communes in the form of La Poste (made up): a map, and names to look for', async context => {
  const { dashboard } = await dashboardOf(context, { content: communes() });
  assert.deepEqual(seen(dashboard), {
    controls: ['Nom commune', 'Code postal'],
    panels: ['figure Lignes', 'figure Code postal, valeurs différentes', 'map Carte', 'documents Lignes des fichiers'],
  });
  const map = dashboard.panels.find(panel => panel.kind === 'map');
  assert.ok(map?.kind === 'map');
  assert.equal(map.field, 'COORDONNEES_GPS');
  assert.equal(map.told[0], 'NOM_COMMUNE');
});

test('zip codes: two columns of numbers make no map, a step that joins them does', async context => {
  const content = readFileSync(await fixture('zipcodes.csv'));
  const without = await dashboardOf(context, { content });
  const step = `- add: {POSITION: '{LATITUDE},{LONGITUDE}'}`;
  assert.ok(without.reasons.join('\n').includes(step));
  const transform = ['minimal', { add: { POSITION: '{LATITUDE},{LONGITUDE}' } }];
  const { dashboard } = await dashboardOf(context, { content, transform });
  assert.deepEqual(seen(dashboard).panels.slice(-3), ['chart State, top 10', 'map Map', 'documents Rows of the files']);
});

/** In Windows-1252, with semicolons, as the French tax administration writes its files. */
function salesOfHouses(): Buffer {
  const towns = ['Bourg-en-Bresse', 'Péronnas', 'Viriat', 'Attignat', 'Coligny', 'Tossiat', 'Certines'];
  const kinds = ['Maison', 'Appartement', 'Dépendance'];
  const header = [
    'Date mutation',
    'Nature mutation',
    'Valeur foncière',
    'N° voie',
    'Code commune',
    'Commune',
    'Type local',
    'Surface bâtie',
    'Surface Carrez',
    'Nombre de lots',
  ].join(';');
  const rows = Array.from({ length: 240 }, (_, row) => {
    const day = `${String((row % 28) + 1).padStart(2, '0')}/${String((row % 5) + 1).padStart(2, '0')}/2020`;
    const town = Math.floor(Math.sqrt(row)) % towns.length;
    const price = `${80_000 + ((row * 7919) % 300_000)},${row % 2 ? '50' : '00'}`;
    return [
      day,
      'Vente',
      price,
      (row * 37) % 120,
      `0${1053 + town}`,
      towns[town],
      kinds[row % 3],
      40 + ((row * 31) % 160),
      row % 4 ? '' : `${30 + (row % 60)},${10 + (row % 80)}`,
      row % 3,
    ].join(';');
  });
  return Buffer.from([header, ...rows].join('\n'), 'latin1');
}

function communes(): string {
  const header = 'Code_commune_INSEE;Nom_commune;Code_postal;Ligne_5;Libellé_d_acheminement;coordonnees_gps';
  const rows = Array.from({ length: 300 }, (_, row) => {
    const name = `SAINT ${NAMES[row % NAMES.length]} ${NAMES[Math.floor(row / NAMES.length)]}`;
    const position = `${(43 + (row % 70) / 10).toFixed(4)},${(-1 + (row % 80) / 10).toFixed(4)}`;
    return `${String(1001 + row * 37).padStart(5, '0')};${name};0${1000 + (row % 200) * 10};;${name};${position}`;
  });
  return [header, ...rows].join('\n');
}

const NAMES =
  'AUBIN BLAISE CYR DENIS ELOI FIRMIN GILLES HILAIRE JUST LEGER MARC NABORD OUEN PAUL REMY SAUVEUR URBAIN VIT'.split(
    ' ',
  );
