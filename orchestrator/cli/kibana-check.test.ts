import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { systemClock } from '../clock.ts';
import { parseEnvironment } from '../config/environment.ts';
import { loadDatasets } from '../config/load.ts';
import { elasticsearchNode } from '../e2e/index.ts';
import type { Journal } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { exampleText, makeExample } from '../kibana/check/testing/example.ts';
import { makeSales, salesIndex } from '../kibana/check/testing/sales.ts';
import type { CommandDeps } from './deps.ts';
import { createProgram } from './program.ts';

const INDEX = `kibana-check-command-${process.pid}`;
const env = { ELASTICSEARCH_NODE: elasticsearchNode() };
let folder: string;
let file: string;
let journal: Journal;
let index: Awaited<ReturnType<typeof salesIndex>>;
let [shown, told] = ['', ''];

before(async () => {
  index = await salesIndex(elasticsearchNode(), INDEX, makeSales(200));
  folder = await mkdtemp(join(tmpdir(), 'kibana-check-'));
  journal = openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
  await mkdir(join(folder, 'config'));
  await mkdir(join(folder, 'sales'));
  const yaml = `WATCH_DIR: ${join(folder, 'sales')}\nLOAD: { index: ${INDEX} }\n`;
  await writeFile(join(folder, 'config', 'sales.yaml'), yaml);
  file = join(folder, 'example.ndjson');
  await writeFile(file, exampleText(makeExample(INDEX)));
});

after(async () => {
  await journal?.close();
  await index?.drop();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  [shown, told] = ['', ''];
});

test('a file without mistakes is said to be so, with the server and without', async () => {
  assert.equal(await check(file), 0, shown + told);
  assert.equal(shown, '1 checked: 0 errors, 0 warnings, 0 notes\n');
  assert.equal(await check(file, '--offline'), 0);
});

test('a mistake is told as compilers do, and the exit code is 1', async () => {
  const example = makeExample(INDEX);
  example.search.attributes['columns'] = ['DATE', 'PRICE'];
  example.dashboard.attributes['optionsJSON'] = '{';
  const wrong = join(folder, 'wrong.ndjson');
  await writeFile(wrong, exampleText(example));
  assert.equal(await check(wrong, '--offline'), 1);
  assert.match(shown, /wrong\.ndjson:4: error: dashboard "Sales": optionsJSON is not valid JSON/);
  assert.doesNotMatch(shown, /PRICE/);
  shown = '';
  assert.equal(await check(wrong), 1);
  assert.match(
    shown,
    /: error: dashboard "Sales", panel "documents": A column is of the field PRICE, which no index has/,
  );
  assert.match(shown, /1 checked: 2 errors, 0 warnings, 0 notes\n$/);
});

test('what would be exported for a dataset has no mistake', async () => {
  assert.equal(await check('sales'), 0, shown + told);
  assert.match(shown, /1 checked: 0 errors/);
  shown = '';
  assert.equal(await check(), 0);
  assert.match(shown, /1 checked: 0 errors/);
});

test('what can’t be checked is said', async () => {
  assert.equal(await check('sales', '--offline'), 1);
  assert.match(told, /--offline is for files/);
  assert.equal(await check(join(folder, 'nothing.ndjson')), 1);
  assert.match(told, /nothing\.ndjson can't be read: ENOENT/);
  assert.equal(await check('other'), 1);
  assert.match(told, /there is no dataset other/);
});

function check(...args: string[]): Promise<number> {
  return createProgram(dependencies()).run(['kibana', 'check', ...args]);
}

/** What `kibana check` asks for. */
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
