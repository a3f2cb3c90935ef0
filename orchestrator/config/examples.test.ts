import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { load } from '../../default-etl/testing/load.ts';
import { loadDatasets } from './load.ts';
import { formatMistake } from './messages.ts';

const EXAMPLES = fileURLToPath(new URL('../../config/examples', import.meta.url));

/** Loads a file into the lake with the settings of an example. */
async function runExample(context: TestContext, name: string, content: Buffer) {
  const root = await mkdtemp(join(tmpdir(), 'examples-'));
  context.after(() => rm(root, { recursive: true }));
  // A module may import types of the program: they are erased, so that it runs anywhere.
  await cp(EXAMPLES, join(root, 'config'), { recursive: true });
  const { datasets } = await loadDatasets(join(root, 'config'), {});
  const { settings, configFolder } = datasets.find(dataset => dataset.name === name)!;
  const env = {
    EXTRACT: JSON.stringify(settings.EXTRACT ?? {}),
    TRANSFORM: JSON.stringify(settings.TRANSFORM),
    LOAD: JSON.stringify({ target: 'lake', types: 'text' }),
    CONFIG_FILES: configFolder,
  };
  const ran = await load({ folder: root, content, env });
  assert.equal(ran.code, 0, ran.error);
  const bytes = await readFile(join(ran.workDir, 'out.parquet'));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return { ...ran, rows: await parquetReadObjects({ file, compressors }) };
}

test('french-csv: numbers and dates are what others can count with', async context => {
  const lines = [
    'Contrats',
    '',
    ' Département ;Montant HT;Date de signature',
    '" 2A ";"1 234,50";31/12/2020',
    '75;n.d.;',
    '13;3;hier',
  ];
  const content = Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
  const { rows, rejects, result } = await runExample(context, 'french-csv', content);
  assert.deepEqual(rows, [
    { DEPARTEMENT: '2A', MONTANT: '1234.50', DATE_DE_SIGNATURE: '2020-12-31' },
    { DEPARTEMENT: '75', MONTANT: null, DATE_DE_SIGNATURE: null },
  ]);
  assert.deepEqual([result?.rows_read, rejects.map(({ row, line }) => [row, line])], [3, [[3, 6]]]);
});

test('reference-and-module: rows get columns of the reference, and go through the module', async context => {
  const content = Buffer.from(
    'departement,nom,prenom\n75,Curie,Marie\n75,Curie,Marie\n99,Doe,Jane\n13,,Zoé\n2A,Nemo,\n',
  );
  const { rows, rejects, result } = await runExample(context, 'reference-and-module', content);
  assert.deepEqual(rows, [
    { DEPARTEMENT: '75', REGION: 'Île-de-France', NOM_COMPLET: 'Marie Curie', CLE: '75-Marie Curie' },
    { DEPARTEMENT: '99', REGION: null, NOM_COMPLET: 'Jane Doe', CLE: '99-Jane Doe' },
  ]);
  assert.deepEqual(
    rejects.map(({ row, reason }) => [row, reason]),
    [[5, 'module ./full-name.ts: Nemo has no PRENOM']],
  );
  assert.equal(result?.rows_filtered, 2);
});

test('neither the examples nor the README’s dataset leave anything to be said by check', async context => {
  const root = await mkdtemp(join(tmpdir(), 'examples-'));
  context.after(() => rm(root, { recursive: true }));
  await cp(EXAMPLES, join(root, 'config'), { recursive: true });
  const readme = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const blocks = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const dataset = blocks.find(text => text.includes('WATCH_DIR'));
  const transform = blocks.find(text => text.startsWith('TRANSFORM'));
  await writeFile(join(root, 'config/readme.yaml'), `${dataset}${transform}`);
  const { errors, warnings, datasets } = await loadDatasets(join(root, 'config'), {
    ELASTICSEARCH_NODE: 'http://localhost:9200',
  });
  assert.deepEqual([...errors, ...warnings].map(formatMistake), []);
  const readmes = datasets.find(({ name }) => name === 'readme')?.settings;
  assert.deepEqual([readmes?.BACKUP_FILE, readmes?.ON_CHANGE], [true, 'replace']);
});
