import { Client } from '@elastic/elasticsearch';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { load, temporaryFolder } from '../../../default-etl/testing/load.ts';
import { xlsxOf } from '../../../default-etl/testing/workbook.ts';
import { LoadedDataset, planned } from '../testing/planned.ts';
import { USUAL_BOUNDS, Unanswered } from './server.ts';

const names = (facts: { fields: ReadonlyArray<{ name: string }> }) => facts.fields.map(({ name }) => name);

test('columns have the order of a CSV, of JSON, of a workbook and of Parquet', async context => {
  const csv = await planned(context, { content: 'z,2024,a,2019,m\n1,2,3,4,5\n' });
  assert.deepEqual(names(csv.facts), ['Z', '2024', 'A', '2019', 'M']);
  const json = '[{"z":1,"b":{"k":1}},{"z":2,"new":5,"b":{"k":2},"a":"x"}]';
  assert.deepEqual(names((await planned(context, { name: 'in.json', content: json })).facts), ['Z', 'B', 'NEW', 'A']);
  const folder = temporaryFolder(context);
  const lake = { LOAD: JSON.stringify({ target: 'lake' }) };
  const { workDir } = await load({ folder, content: 'z,2024,a,2019,m\n1,2,3,4,5\n', env: lake });
  const parquet = await planned(context, { name: 'in.parquet', content: readFileSync(join(workDir, 'out.parquet')) });
  assert.deepEqual(names(parquet.facts).slice(0, 5), ['Z', '2024', 'A', '2019', 'M']);
  const cells = (texts: string[]) => texts.map(text => `<c t="inlineStr"><is><t>${text}</t></is></c>`).join('');
  const rows = [
    ['z', '2024', 'a', '2019', 'm'],
    ['1', '2', '3', '4', '5'],
  ].map(texts => `<row>${cells(texts)}</row>`);
  const workbook = xlsxOf({ sheets: { Sheet1: `<sheetData>${rows.join('')}</sheetData>` } });
  const sheet = await planned(context, { name: 'in.xlsx', content: workbook });
  assert.deepEqual(names(sheet.facts), ['Z', '2024', 'A', '2019', 'M']);
});

test('columns have the order of the file where LOAD.types makes text of them', async context => {
  const { facts } = await planned(context, { content: 'z,a,m\n1,2,3\n', load: { types: 'text' } });
  assert.deepEqual(names(facts), ['Z', 'A', 'M']);
  assert.deepEqual(
    facts.fields.map(({ grouped }) => grouped),
    ['Z.keyword', 'A.keyword', 'M.keyword'],
  );
});

test('values are counted, and their ends and the number of their days told', async context => {
  const rows = Array.from(
    { length: 60 },
    (_, row) => `${(row % 28) + 1}/02/2024;${row - 3};k${row % 3};${row % 2 ? '' : '1.5'}`,
  );
  const { facts } = await planned(context, { content: ['day;n;k;half', ...rows].join('\n') });
  const of = (name: string) => facts.fields.find(field => field.name === name)?.values;
  assert.equal(facts.rows, 60);
  assert.deepEqual(of('DAY')?.date, {
    min: Date.parse('2024-02-01'),
    max: Date.parse('2024-02-28'),
    middle: [of('DAY')?.date?.middle[0], of('DAY')?.date?.middle[1]],
    days: 28,
    hasTimes: false,
  });
  assert.deepEqual(of('N')?.number, { min: -3, max: 56, average: 26.5, negatives: 3, isWhole: true });
  assert.equal(of('K')?.distinct, 3);
  assert.deepEqual(
    of('K')?.top?.map(({ documents }) => documents),
    [20, 20, 20],
  );
  assert.deepEqual([of('HALF')?.documents, of('HALF')?.number?.isWhole], [30, false]);
});

test('numbers that are doubles to the index are whole where all values are', async context => {
  const options = { mappings: { A: { type: 'double' }, B: { type: 'double' } } };
  const { facts } = await planned(context, { content: 'a,b\n1,1.5\n2,2.5\n3,3\n', load: options });
  assert.deepEqual(
    facts.fields.map(({ values }) => values?.number?.isWhole),
    [true, false],
  );
});

test('several indices are one; a field that is of two types in them is left out', async context => {
  const dataset = new LoadedDataset(context);
  await dataset.load({ content: 'day,n\n2024-01-02,1\n', load: { date_suffix: '_%Y' }, fileKey: 'ONE' });
  const other = `${dataset.index.name}_1999`;
  await dataset.client.indices.create({
    index: other,
    mappings: { properties: { N: { type: 'keyword' }, DAY: { type: 'date' } } },
  });
  await dataset.client.index({ index: other, document: { DAY: '1999-05-05', N: 'x' }, refresh: true });
  const { facts, dashboard, reasons } = await dataset.dashboard();
  assert.equal(facts.pattern, `${dataset.index.name}_*`);
  assert.equal(dashboard.views[0]?.pattern, facts.pattern);
  assert.equal(facts.rows, 2);
  assert.deepEqual(names(facts), ['DAY']);
  assert.match(reasons.join('\n'), /N is left out: it is keyword in one index and long in another/);
});

test('of very many fields not all are looked at, and that is told', async context => {
  const header = Array.from({ length: 400 }, (_, column) => `c${column}`).join(',');
  const row = Array.from({ length: 400 }, (_, column) => column).join(',');
  const { facts } = await planned(context, { content: `${header}\n${row}\n${row}\n` });
  assert.equal(facts.fields.filter(({ values }) => values !== null).length, 150);
  assert.match(facts.notes.join('\n'), /150 of 400 fields/);
});

test('an index that is not there has no facts', async context => {
  const dataset = new LoadedDataset(context);
  await dataset.load({ content: 'a\n1\n' });
  await dataset.client.indices.delete({ index: dataset.index.name });
  assert.equal(await dataset.maybeDashboard({}), null);
});

test('LOAD.dashboard: false makes none, and nothing is asked', async context => {
  const dataset = new LoadedDataset(context);
  await dataset.load({ content: 'a\n1\n' });
  const client = new Client({ node: 'http://127.0.0.1:9' });
  assert.equal(await dataset.maybeDashboard(false, { client }), null);
});

test('where rows may not be read the mapping alone tells, and that is said', async context => {
  const dataset = new LoadedDataset(context);
  await dataset.load({ content: 'day,montant,ville\n2024-01-02,1.5,Lyon\n2024-01-03,2.5,Paris\n' });
  const client = await behind(context, ({ url = '' }) => (url.includes('_search') ? 403 : 200));
  const { facts, dashboard } = await dataset.dashboard({}, { client });
  assert.deepEqual(names(facts), ['DAY', 'MONTANT', 'VILLE']);
  assert.equal(facts.rows, null);
  assert.match(facts.notes.join('\n'), /rows can't be read/);
  assert.deepEqual(
    dashboard.panels.slice(0, 2).map(({ title }) => title),
    ['Rows', 'Montant, total'],
  );
});

test('a server that is away tells nothing; one that is asked too much, or too slow, tells what it can', async context => {
  const dataset = new LoadedDataset(context);
  await dataset.load({ content: 'day,n\n2024-01-02,1\n2024-01-03,2\n' });
  const away = new Client({ node: 'http://127.0.0.1:9' });
  await assert.rejects(dataset.dashboard({}, { client: away }), Unanswered);
  const few = await dataset.dashboard({}, { bounds: { ...USUAL_BOUNDS, requests: 3 } });
  assert.deepEqual([names(few.facts), few.facts.rows], [['DAY', 'N'], null]);
  assert.match(few.facts.notes.join('\n'), /more than 3 requests/);
  assert.equal(few.facts.isComplete, true);
  const busy = await behind(context, ({ url = '' }) => (url.includes('_search') ? 503 : 200));
  const without = await dataset.dashboard({}, { client: busy });
  assert.deepEqual([names(without.facts), without.facts.isComplete], [['DAY', 'N'], false]);
  const small = await dataset.dashboard({}, { bounds: { ...USUAL_BOUNDS, answerBytes: 2_000 } });
  assert.equal(small.facts.fields.length, 2);
});

/** The real Elasticsearch behind a proxy that answers some requests itself. */
async function behind(context: TestContext, statusOf: (asked: IncomingMessage) => number): Promise<Client> {
  const proxy = createServer((asked, response) => {
    const status = statusOf(asked);
    if (status !== 200) {
      asked.resume();
      const error = { type: 'security_exception', reason: 'unauthorized' };
      const headers = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };
      response.writeHead(status, headers).end(JSON.stringify({ error, status }));
      return;
    }
    const { method, url, headers } = asked;
    const onwards = request(`${process.env.ELASTICSEARCH_NODE}${url}`, { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(onwards);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const client = new Client({ node: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
  context.after(async () => {
    await client.close();
    proxy.closeAllConnections();
    proxy.close();
  });
  return client;
}
