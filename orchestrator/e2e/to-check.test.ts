import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@elastic/elasticsearch';
import { type ApiRun, makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode } from './index.ts';

const bin = fileURLToPath(new URL('../bin.js', import.meta.url));
const ALIAS = 'e2e-to-check';
const [OLDER, NEWER] = [`${ALIAS}-000001`, `${ALIAS}-000002`];
const client = new Client({ node: elasticsearchNode() });
let folder: string;
let orchestrator: TestOrchestrator;

/** As OpenOffice saves a document of one file. */
function workbookOf(sheets: Record<string, ReadonlyArray<readonly string[]>>): string {
  const cell = (text: string) =>
    `<table:table-cell office:value-type="string"><text:p>${text}</text:p></table:table-cell>`;
  const row = (cells: readonly string[]) => `<table:table-row>${cells.map(cell).join('')}</table:table-row>`;
  const tables = Object.entries(sheets).map(
    ([name, rows]) => `<table:table table:name="${name}">${rows.map(row).join('')}</table:table>`,
  );
  const body = `<office:body><office:spreadsheet>${tables.join('')}</office:spreadsheet></office:body>`;
  return `<?xml version="1.0"?><office:document>${body}</office:document>`;
}

async function removeIndices(): Promise<void> {
  await client.indices.delete({ index: [OLDER, NEWER], ignore_unavailable: true });
}

before(async () => {
  await removeIndices();
  await client.indices.create({ index: OLDER, aliases: { [ALIAS]: { is_write_index: false } } });
  await client.indices.close({ index: OLDER });
  const properties = { MONTANT: { type: 'double', ignore_malformed: true } } as const;
  const aliases = { [ALIAS]: { is_write_index: true } };
  await client.indices.create({ index: NEWER, aliases, mappings: { subobjects: false, properties } });
  const yaml = (more: string) => `WATCH_DIR: {folder}/in\nRUNNER: process\nLOAD: { index: ${ALIAS} }\n${more}`;
  folder = await makeFolder({
    months: yaml('WATCH_REGEX: ^months'),
    strict: yaml('WATCH_REGEX: ^strict\nEXTRACT: { min_confidence: 0.6 }\n'),
  });
  await mkdir(join(folder, 'in'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await removeIndices();
  await client.close();
  await removeFolder(folder);
});

test('a workbook of which a part is loaded is done, to check: API, status and metrics say which, and behind an alias a closed index keeps nobody', async () => {
  const month = (day: string, amount: string) => [
    ['Date', 'Montant'],
    [day, amount],
    [day, '2.5'],
  ];
  const workbook = workbookOf({ Janvier: month('2024-01-02', '1,5'), Février: month('2024-02-02', '3.5') });
  await writeFile(join(folder, 'in', 'months.fods'), workbook);
  await writeFile(join(folder, 'in', 'strict.fods'), workbook);
  const ended = (runs: ApiRun[]) => runs[0]?.endedAt != null;
  const [run] = (await orchestrator.waitForRuns('dataset=months', ended, 60_000)) as Array<
    ApiRun & { toCheck: string[]; valuesLeftOut: number }
  >;
  assert.deepEqual([run?.state, run?.rowsLoaded, run?.error, run?.valuesLeftOut], ['done', 2, null, 1]);
  const [sheet, amount] = run?.toCheck ?? [];
  assert.match(
    sheet ?? '',
    /sheet "Janvier", which is only 30 % sure: .*Février has the same columns and is not loaded/,
  );
  assert.match(
    amount ?? '',
    /^1 of 2 values of MONTANT were left out .*"1,5" in row 1.*add to TRANSFORM: - decimal_comma: \[MONTANT\]$/,
  );
  const counted = await client.count({ index: NEWER });
  assert.equal(counted.count, 2, 'its rows are searchable once it is done');
  const environment = { ...process.env, CONFIG_DIR: join(folder, 'config'), DATA_DIR: join(folder, 'data') };
  const status = await promisify(execFile)(process.execPath, [bin, 'status'], { env: environment }).catch(
    (error: { stdout: string }) => error,
  );
  assert.match(status.stdout, /Février has the same columns and is not loaded/);
  const metrics = await (await orchestrator.fetch('/metrics')).text();
  assert.match(metrics, /^orchestrator_runs_to_check\{dataset="months"\} 1$/m);
  assert.match(metrics, /^orchestrator_values_left_out_total\{dataset="months"\} 1$/m);

  const [refused] = await orchestrator.waitForRuns('dataset=strict', ended, 60_000);
  assert.equal(refused?.state, 'quarantined');
  assert.match(refused?.error ?? '', /sheet "Janvier" is only 30 % sure, and EXTRACT\.min_confidence is 0\.6/);
});
