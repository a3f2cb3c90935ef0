import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { load } from '../../../default-etl/testing/load.ts';
import { loadDatasets } from '../../config/load.ts';
import { formatMistake } from '../../config/messages.ts';
import { importFile } from './import.ts';

/** One process of pypel, a file, and the documents that pypel 1.0.1 with pandas 1.5.3 made of it, its cells read as text. */
interface Case {
  name: string;
  process: Record<string, unknown>;
  input: string;
  files?: Record<string, string>;
  documents: Array<Record<string, string | null>>;
}

const CASES = new URL('testdata/pypel-documents.json', import.meta.url);

test('the YAML of a pypel process makes the documents that pypel makes', async t => {
  for (const one of JSON.parse(await readFile(CASES, 'utf8')) as Case[]) {
    await t.test(one.name, async context => {
      assert.deepEqual(sorted(await documentsOf(context, one)), sorted(one.documents));
    });
  }
});

/** Imports the process, checks the YAML, and runs the default ETL with what it says. */
async function documentsOf(context: TestContext, { process, input, files = {} }: Case): Promise<unknown[]> {
  const root = await mkdtemp(join(tmpdir(), 'import-documents-'));
  context.after(() => rm(root, { recursive: true }));
  const configFiles = join(root, 'config/example');
  await mkdir(configFiles, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(configFiles, name), text);
  await writeFile(join(root, 'process.json'), JSON.stringify({ Processes: [process] }));
  const { yaml } = await importFile(join(root, 'process.json'));
  await writeFile(join(root, 'config/example.yaml'), yaml);
  const { datasets, errors } = await loadDatasets(join(root, 'config'), {});
  assert.deepEqual(errors.map(formatMistake), [], yaml);
  const { EXTRACT = {}, TRANSFORM } = datasets[0]!.settings;
  const env = {
    EXTRACT: JSON.stringify({ ...EXTRACT, delimiter: ',' }),
    TRANSFORM: JSON.stringify(TRANSFORM),
    LOAD: JSON.stringify({ target: 'lake', types: 'text' }),
    CONFIG_FILES: configFiles,
  };
  const ran = await load({ folder: root, content: input, env });
  assert.equal(ran.code, 0, ran.error + yaml);
  const bytes = await readFile(join(ran.workDir, 'out.parquet'));
  return await parquetReadObjects({
    compressors,
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  });
}

/** pandas sorts what it merges, and the order of columns means nothing in a document. */
function sorted(documents: unknown[]): string[] {
  return documents
    .map(document => JSON.stringify(Object.entries(document as object).sort(([a], [b]) => (a < b ? -1 : 1))))
    .sort();
}
