import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { checkAgainstServer } from '../check/check-server.ts';
import { checkStructure } from '../check/check-structure.ts';
import type { Finding } from '../check/finding.ts';
import { findingText } from '../check/findings-text.ts';
import { readObjects } from '../check/read-objects.ts';
import { elasticsearchServer } from '../check/server/server.ts';
import type { Dashboard, Panel } from '../dashboard.ts';
import type { DatasetDashboard } from '../dashboard-of.ts';
import { toNdjson } from '../objects/ndjson.ts';
import { savedObjects } from '../objects/saved-objects.ts';
import { LoadedDataset, NOW, type ToLoad } from '../testing/planned.ts';
import type { DashboardSettings } from '../../config/dashboard-schema.ts';

/** The dashboard of a file, after the checker has found nothing wrong in what is exported. */
async function checked(
  context: TestContext,
  file: ToLoad,
  settings: DashboardSettings = {},
): Promise<DatasetDashboard> {
  const dataset = new LoadedDataset(context);
  await dataset.load(file);
  const found = await dataset.dashboard(settings, { hasRuns: false });
  const findings: Finding[] = [];
  const reading = checkStructure(readObjects('test', toNdjson(savedObjects(found.dashboard)), findings), findings);
  await checkAgainstServer(reading, elasticsearchServer(dataset.client), NOW);
  const wrong = findings.filter(({ level }) => level === 'mistake');
  assert.deepEqual(wrong.map(findingText), []);
  return found;
}

const titles = ({ panels }: Dashboard) => panels.map(({ kind, title }) => `${kind}: ${title}`);
const documents = ({ panels }: Dashboard) =>
  panels.find((panel): panel is Extract<Panel, { kind: 'documents' }> => panel.kind === 'documents');

/** Rows of a CSV: `row` gives the cells. */
function csv(header: string, count: number, row: (index: number) => ReadonlyArray<string | number>): string {
  return [header, ...Array.from({ length: count }, (_, index) => row(index).join(','))].join('\n');
}

const dayOf = (index: number) => new Date(Date.UTC(2024, 0, 1 + (index % 90))).toISOString().slice(0, 10);

test('without a date there is no chart over time, and no time range', async context => {
  const content = csv('name,city', 50, index => [`n${index}`, `c${index % 3}`]);
  const { dashboard, reasons } = await checked(context, { content });
  assert.equal(dashboard.timeRange, null);
  assert.equal(dashboard.views[0]?.timeField, null);
  assert.ok(!titles(dashboard).some(title => title.includes('over time')));
  assert.match(reasons.join('\n'), /No date varies/);
});

test('years stand for a date where there is none', async context => {
  const content = csv('year,deaths', 60, index => [1990 + (index % 30), index * 3]);
  const { dashboard } = await checked(context, { content });
  assert.ok(titles(dashboard).includes('chart: Deaths, total by Year'), titles(dashboard).join('\n'));
  assert.deepEqual(dashboard.views[0]?.formats['YEAR'], { as: 'number', pattern: '0' });
});

test('one row, and a column that is the same in all rows, have no charts', async context => {
  const one = await checked(context, { content: 'id,date,amount,city\n1,2024-01-02,3.5,Paris\n' });
  assert.deepEqual(titles(one.dashboard), ['figure: Rows', 'documents: Rows of the files']);
  const same = await checked(context, { content: csv('day,amount,kind', 30, index => [dayOf(index), 7, 'x']) });
  assert.deepEqual(titles(same.dashboard), ['figure: Rows', 'chart: Rows over time', 'documents: Newest rows']);
});

test('a thousand columns, and long texts alone, make a dashboard that can be looked at', async context => {
  const header = Array.from({ length: 1000 }, (_, column) => `col_${column}`).join(',');
  const wide = await checked(context, {
    content: csv(header, 30, row =>
      Array.from({ length: 1000 }, (_, column) => (column % 3 ? `v${(column * row) % 7}` : column * row)),
    ),
  });
  assert.ok(wide.dashboard.panels.length < 12);
  assert.equal(documents(wide.dashboard)?.columns.length, 30);
  const text = 'a long comment that goes on and on, '.repeat(4);
  const texts = await checked(context, { content: csv('comment', 30, index => [`"${text}${index}"`]) });
  assert.deepEqual(titles(texts.dashboard), ['figure: Rows', 'documents: Rows of the files']);
});

test('an index without rows has a dashboard that says so', async context => {
  const { dashboard, facts } = await checked(context, { content: 'a,b\n' });
  assert.equal(facts.rows, 0);
  assert.deepEqual(titles(dashboard), ['figure: Rows']);
});

test('names like paths, quotes, line breaks and numbers are fields as any others', async context => {
  const header = '_id,a.b,a,_source,"we ""ird\n* name",2020,2019,A.keyword,A';
  const content = csv(header, 40, index => [
    index,
    index,
    `x${index % 2}`,
    's',
    `w${index % 3}`,
    `${index}.5`,
    `${index}.2`,
    'k',
    `v${index % 4}`,
  ]);
  const { dashboard } = await checked(context, { content });
  assert.deepEqual(documents(dashboard)?.columns.slice(-4), ['2020', '2019', 'A.KEYWORD', 'A']);
});

test('a text is grouped by its sub-field, and no alias is a field of its own', async context => {
  const content = csv('city,amount', 40, index => [`c${index % 3}`, index]);
  const { dashboard } = await checked(context, { content, load: { types: 'text' } });
  assert.deepEqual(
    dashboard.controls.map(({ field }) => field),
    ['CITY.keyword'],
  );
  assert.deepEqual(documents(dashboard)?.columns, ['CITY', 'AMOUNT']);
  const inferred = await checked(context, { content });
  assert.deepEqual(documents(inferred.dashboard)?.columns, ['CITY', 'AMOUNT']);
});

test('objects and lists of JSON are in the table, and in no chart', async context => {
  const rows = Array.from({ length: 30 }, (_, index) => ({
    z: { k: index % 3 },
    when: `2024-0${(index % 9) + 1}-11T10:00:00Z`,
    list: [1, index % 3],
    b: index % 2 === 0,
    amount: index * 1.5,
  }));
  const { dashboard } = await checked(context, { name: 'in.json', content: JSON.stringify(rows) });
  assert.deepEqual(documents(dashboard)?.columns, ['Z', 'WHEN', 'LIST', 'B', 'AMOUNT']);
  assert.deepEqual(
    dashboard.controls.map(({ field }) => field),
    ['B'],
  );
});

test('a code and its name are one column to choose by', async context => {
  const towns = ['Lyon', 'Paris', 'Lille', 'Brest'];
  const content = csv('code_ville,ville', 60, index => [`0${index % 4}`, towns[index % 4] ?? '']);
  const { dashboard, reasons } = await checked(context, { content });
  assert.deepEqual(
    dashboard.controls.map(({ field }) => field),
    ['VILLE'],
  );
  assert.match(reasons.join('\n'), /CODE_VILLE says the same as VILLE/);
});

test('LOAD.dashboard chooses, names, orders and leaves out', async context => {
  const content = csv('id,day,birth,amount,rate,city,kind', 90, index => [
    index,
    dayOf(index),
    `19${50 + (index % 50)}-01-02`,
    index,
    index / 10,
    `c${index % 3}`,
    `k${index % 4}`,
  ]);
  const { dashboard, toCheck } = await checked(
    context,
    { content },
    {
      title: 'Ventes',
      language: 'fr',
      time: 'BIRTH',
      fields: ['KIND', 'RATE', 'AMOUNT', 'CITY'],
      hide: ['CITY'],
      labels: { RATE: 'Remise' },
      sums: ['RATE'],
      filters: ['KIND', 'RATE'],
    },
  );
  assert.deepEqual(toCheck, []);
  assert.equal(dashboard.title, 'Ventes');
  assert.equal(dashboard.views[0]?.timeField, 'BIRTH');
  assert.deepEqual(documents(dashboard)?.columns, ['KIND', 'RATE', 'AMOUNT']);
  assert.deepEqual(dashboard.controls, [
    { kind: 'values', field: 'KIND', title: 'Kind' },
    { kind: 'range', field: 'RATE', title: 'Remise' },
  ]);
  assert.ok(titles(dashboard).includes('figure: Remise, total'), titles(dashboard).join('\n'));
  assert.ok(titles(dashboard).includes('documents: Dernières lignes'));
});

test('what LOAD.dashboard names and the rows do not have is told', async context => {
  const content = csv('day,amount,city', 30, index => [dayOf(index), index, `c${index % 3}`]);
  const { toCheck } = await checked(
    context,
    { content },
    { hide: ['CITI'], sums: ['CITY'], time: 'AMOUNT', filters: ['NOTHING'] },
  );
  assert.deepEqual(toCheck, [
    'LOAD.dashboard.time: AMOUNT is no date: the index has it as long.',
    'LOAD.dashboard.hide: the rows have no column CITI; did you mean CITY?',
    'LOAD.dashboard.sums: CITY is no number: the index has it as keyword.',
    'LOAD.dashboard.filters: the rows have no column NOTHING.',
  ]);
});

test('a title, keys and panels stay the same when the rows grow', async context => {
  const dataset = new LoadedDataset(context);
  const rows = (count: number) => csv('day,amount,city', count, index => [dayOf(index), index, `c${index % 3}`]);
  await dataset.load({ content: rows(60) });
  const before = await dataset.dashboard();
  await dataset.load({ content: rows(200), fileKey: 'OTHER' });
  const after = await dataset.dashboard();
  assert.deepEqual(after.dashboard.panels, before.dashboard.panels);
});
