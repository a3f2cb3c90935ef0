import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { fixture } from '../../scripts/fixtures.ts';
import { load, temporaryFolder } from '../testing/load.ts';

type Row = Record<string, string | null>;

/** The rows that a real file gives in the lake. */
async function rowsOf(context: TestContext, path: string, extract: object = {}): Promise<Row[]> {
  const name = path.split('/').at(-1) as string;
  const env = { EXTRACT: JSON.stringify(extract), LOAD: '{"target":"lake","types":"text"}' };
  const ran = await load({ folder: temporaryFolder(context), name, content: readFileSync(path), env });
  assert.deepEqual([ran.code, ran.error, ran.rejects], [0, '', []]);
  const bytes = readFileSync(join(ran.workDir, 'out.parquet'));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return (await parquetReadObjects({ file, compressors })) as Row[];
}

/** As the minimal step names columns and treats empty cells. */
function minimal(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name.trim().toUpperCase(), cell || null]));
}

test('the twelve nasty files of csv-spectrum are read as their authors say', async context => {
  const folder = await fixture('csv-spectrum');
  const names = readdirSync(join(folder, 'csvs')).map(name => name.replace('.csv', ''));
  assert.equal(names.length, 12);
  for (const name of names) {
    const truth = [JSON.parse(readFileSync(join(folder, 'json', `${name}.json`), 'utf8')) as Row | Row[]].flat();
    // Its authors made the telephone number up, in the truth alone.
    if (name === 'location_coordinates') Object.assign(truth[0] as Row, { 'Contact Phone Number': '2095257564' });
    assert.deepEqual(await rowsOf(context, join(folder, 'csvs', `${name}.csv`)), truth.map(minimal), name);
  }
});

test('real CSV files are read as csv-parse reads them', async context => {
  for (const [name, rows] of [
    ['seattle-weather.csv', 1461],
    ['birdstrikes.csv', 10_000],
    ['zipcodes.csv', 42_049],
  ] as const) {
    const path = await fixture(name);
    const expected = parse(readFileSync(path), { columns: true, bom: true }) as Row[];
    assert.equal(expected.length, rows);
    assert.deepEqual(await rowsOf(context, path), expected.map(minimal), name);
  }
});

test('an .xls gives whole numbers without .0 and dates with their time, sheet by sheet', async context => {
  const path = await fixture('macrodata.xls');
  const notes = await rowsOf(context, path);
  assert.deepEqual([notes.length, notes[0]], [187, { 'DATA LIST: MACRODATA': 'Data Updated: 2009-12-11' }]);
  const quarterly = await rowsOf(context, path, { sheet: 'Quarterly' });
  assert.deepEqual(
    [quarterly.length, quarterly[0], quarterly.at(-1)],
    [
      251,
      {
        DATE: '1947-01-01 00:00:00',
        DPIC96: '1218.6',
        FGCEC96: '223.682',
        GDPC96: '1772.204',
        GPDIC96: '189.365',
        PCECC96: '1131.5',
      },
      {
        DATE: '2009-07-01 00:00:00',
        DPIC96: '10040.6',
        FGCEC96: '1044.088',
        GDPC96: '12990.341',
        GPDIC96: '1486.398',
        PCECC96: '9256',
      },
    ],
  );
});

test('an .xlsx gives the first sheet by position, and any other by its name', async context => {
  const nebraska = await rowsOf(context, await fixture('ne_1033_data.xlsx'));
  assert.deepEqual(
    [nebraska.length, nebraska[0]],
    [
      1036,
      {
        STATE: 'NE',
        COUNTY: 'ADAMS',
        FIPS: '31001',
        NSN: '1005-00-589-1271',
        ITEM_NAME: 'RIFLE,7.62 MILLIMETER',
        QUANTITY: '1',
        UI: 'Each',
        ACQUISITION_COST: '138',
        TOTAL_COST: '138',
        SHIP_DATE: '2008-07-11 00:00:00',
        FEDERAL_SUPPLY_CATEGORY: '10',
        FEDERAL_SUPPLY_CATEGORY_NAME: 'WEAPONS',
        FEDERAL_SUPPLY_CLASS: '1005',
        FEDERAL_SUPPLY_CLASS_NAME: 'Guns, through 30 mm',
      },
    ],
  );
  const cases = await rowsOf(context, await fixture('covid_19-iss.xlsx'), { sheet: 'casi_regioni' });
  assert.deepEqual(
    [cases.length, cases[0]],
    [21, { ISS_DATE: '12/06/2021', NOME_NUTS2: 'Abruzzo', CASI_CUMULATIVI: '74452' }],
  );
});
