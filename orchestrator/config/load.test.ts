import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadDatasets } from './load.ts';
import { formatMistake } from './messages.ts';

test('the ending and the name of _defaults count whatever their case', async t => {
  const { dataset } = await load(t, { 'UP.YAML': 'WATCH_DIR: ./in\n', '_Defaults.Yml': 'PRIORITY: 7\n' });
  assert.deepEqual([dataset.name, dataset.settings.PRIORITY], ['UP', 7]);
});

test('a file with one key is a dataset with every default of the table', async t => {
  const { dataset, root } = await load(t, { 'sales.yaml': 'WATCH_DIR: ./in/\n' });
  assert.equal(dataset.name, 'sales');
  assert.equal(dataset.configFile, join(root, 'config/sales.yaml'));
  assert.equal(dataset.configFolder, join(root, 'config/sales'));
  assert.equal(dataset.watchDir, join(root, 'in'));
  assert.equal(dataset.timeoutMs, 3_600_000);
  assert.deepEqual(dataset.backoff, { firstMs: 1000, factor: 2, maxMs: 300_000 });
  assert.deepEqual([dataset.command, dataset.parameters, dataset.secrets], [[], [], []]);
  assert.deepEqual(dataset.settings, {
    WATCH_DIR: './in/',
    WATCH_REGEX:
      '\\.(csv|tsv|txt|xls|xlsx|xlsm|xlsb|ods|fods|json|geojson|ndjson|jsonl|xml|parquet|zip)(\\.(gz|zst))?$',
    RECURSIVE: true,
    FOLLOW_LINKS: false,
    WATCH_MODE: 'auto',
    EXISTING: 'process',
    ORDER: 'arrival',
    RUNNER: 'auto',
    WORK_SIZE: '10g',
    RUN_PER: 'file',
    CONNECTIONS: 'none',
    CONCURRENCY: 2,
    PRIORITY: 0,
    WARM: 0,
    TIMEOUT: '1h',
    RETRIES: 3,
    ON_CHANGE: 'replace',
    ON_DELETE: 'keep',
    BACKUP_FILE: false,
    REMOVE_FILE: false,
    RECEIPT: false,
    TRANSFORM: ['minimal'],
    LOAD: { target: 'lake', index: 'sales' },
    DEBUG: false,
  });
});

test('rows go to Elasticsearch where ELASTICSEARCH_NODE is set, and to the lake where it is empty', async t => {
  const files = { 'sales.yaml': 'WATCH_DIR: ./in\n' };
  const set = await load(t, files, { ELASTICSEARCH_NODE: 'http://localhost:9200' });
  const empty = await load(t, files, { ELASTICSEARCH_NODE: '' });
  assert.deepEqual([set.dataset.settings.LOAD.target, empty.dataset.settings.LOAD.target], ['elasticsearch', 'lake']);
});

test('connections are for the default ETL where rows go to Elasticsearch, and for others only where their YAML says so', async t => {
  const of = async (text: string, env = { ELASTICSEARCH_NODE: 'http://localhost:9200' }) =>
    (await load(t, { 'a.yaml': `WATCH_DIR: ./in\n${text}` }, env)).dataset.settings.CONNECTIONS;
  const image = 'DOCKER_IMAGE: x\n';
  assert.deepEqual(
    [await of(''), await of('LOAD: {target: lake}\n'), await of(image), await of('COMMAND: /bin/true\n')],
    ['file', 'none', 'none', 'none'],
  );
  assert.equal(await of(`${image}LOAD: {target: elasticsearch}\n`), 'file');
  assert.equal(await of(`${image}LOAD: {index: a}\n`), 'none');
  const entrypoint = 'RUNNER: docker\nDOCKER_OPTIONS: {entrypoint: [node, -e, "1"]}\n';
  assert.equal(await of(entrypoint), 'none');
  assert.equal(await of(entrypoint.replace('[node, -e, "1"]', '[]')), 'none');
  assert.equal(await of(`${entrypoint}LOAD: {target: elasticsearch}\n`), 'file');
  assert.equal(await of('DOCKER_OPTIONS: {memory: 1g}\n'), 'file');
  assert.equal(await of(`${image}CONNECTIONS: environment\n`), 'environment');
  assert.equal(await of('CONNECTIONS: none\n'), 'none');
  assert.equal(await of('', { ELASTICSEARCH_NODE: '' }), 'none');
});

test('ON_CHANGE is append where files are backed up or removed, unless it is set', async t => {
  const of = async (text: string) =>
    (await load(t, { 'a.yaml': `WATCH_DIR: ./in\n${text}` })).dataset.settings.ON_CHANGE;
  assert.equal(await of('BACKUP_FILE: true\n'), 'append');
  assert.equal(await of('REMOVE_FILE: true\n'), 'append');
  assert.equal(await of('REMOVE_FILE: true\nON_CHANGE: replace\n'), 'replace');
});

test('_defaults.yaml lies under each file: maps merged, lists and single values replaced, null drops', async t => {
  const { dataset } = await load(t, {
    '_defaults.yaml':
      'RETRIES: 9\nTIMEOUT: 2h\nENV: {A: 1, B: 2}\nPARAMETERS: [-a, -b]\nDOCKER_OPTIONS: {memory: 1g, cpus: 2}\nBACKOFF: {max: 1m}\n',
    'a.yaml': 'WATCH_DIR: ./in\nTIMEOUT: null\nENV: {B: x, C: 3}\nPARAMETERS: [-c]\nDOCKER_OPTIONS: {cpus: null}\n',
  });
  const { RETRIES, TIMEOUT, ENV, PARAMETERS, DOCKER_OPTIONS } = dataset.settings;
  assert.deepEqual(
    { RETRIES, TIMEOUT, ENV, PARAMETERS, DOCKER_OPTIONS },
    {
      RETRIES: 9,
      TIMEOUT: '1h',
      ENV: { A: 1, B: 'x', C: 3 },
      PARAMETERS: ['-c'],
      DOCKER_OPTIONS: { memory: '1g' },
    },
  );
  assert.equal(dataset.backoff.maxMs, 60_000);
});

test('QUARANTINE_DIR: null is a value of its own', async t => {
  const { dataset } = await load(t, { 'a.yaml': 'WATCH_DIR: ./in\nQUARANTINE_DIR: null\n' });
  assert.equal(dataset.settings.QUARANTINE_DIR, null);
});

test('references take variables, defaults and files, and give what is wanted in their place', async t => {
  const { dataset, root } = await load(
    t,
    {
      '../secrets/word': 'from a file\r\n',
      'a.yaml': `WATCH_DIR: \${BASE}/in
RETRIES: \${RETRIES:-7}
DEBUG: \${DEBUG}
LOAD: {index: "\${YEAR}"}
QUARANTINE_DIR: \${NOWHERE:-null}
ENV: {A: "\${file:secrets/word}", B: "\${CODE}", C: "\${EMPTY:-x}", D: "\${EMPTY}", E: '$\${BASE} $5 \\.csv$'}
`,
    },
    { BASE: './data', DEBUG: 'true', YEAR: '2026', CODE: '007', EMPTY: '' },
  );
  const { settings } = dataset;
  assert.equal(dataset.watchDir, join(root, 'data/in'));
  assert.deepEqual([settings.RETRIES, settings.DEBUG, settings.LOAD.index], [7, true, '2026']);
  assert.equal(settings.QUARANTINE_DIR, null);
  assert.deepEqual(settings.ENV, { A: 'from a file', B: '007', C: 'x', D: '', E: '${BASE} $5 \\.csv$' });
});

test('numbers where text is wanted are kept as they were typed', async t => {
  const { dataset } = await load(t, {
    'a.yaml': 'WATCH_DIR: ./in\nLOAD: {index: 2024}\nENV: {A: 007, B: 1e3, C: 12}\nPARAMETERS: [-n, 010]\n',
  });
  assert.equal(dataset.settings.LOAD.index, '2024');
  assert.deepEqual(dataset.settings.ENV, { A: '007', B: '1e3', C: 12 });
  assert.deepEqual(dataset.parameters, ['-n', '010']);
});

test('secrets are what files give, and what has the name of a secret, from four letters on', async t => {
  const { dataset } = await load(
    t,
    {
      '../policy.yaml': 'variables: [PLAIN, MY_*]\n',
      '../secrets/key': 'first line\nsecond line\n',
      'a.yaml': `WATCH_DIR: ./in
PARAMETERS: -t \${MY_TOKEN} \${PLAIN}
ENV: {PGPASSWORD: hunter22, API_KEY: abc, DB: 'postgres://me:pa55@db/x', CERT: "\${file:secrets/key}"}
`,
    },
    { MY_TOKEN: 'token-value', PLAIN: 'plain-value' },
  );
  assert.deepEqual([...dataset.secrets].sort(), [
    'first line',
    'first line\nsecond line',
    'hunter22',
    'pa55',
    'second line',
    'token-value',
  ]);
});

test('a secret is in no message', async t => {
  const { text } = await load(
    t,
    {
      '../policy.yaml': 'variables: [MY_TOKEN]\n',
      '../secrets/key': 'hush-hush\n',
      'a.yaml': `WATCH_DIR: "\${file:secrets/key}"\nRETRIES: "\${MY_TOKEN}"\nENV: {DB_PASSWORD: [hush-hush]}\nWATCH_REGEX: "(\${MY_TOKEN}"\n`,
    },
    { MY_TOKEN: 'hush-hush' },
  );
  assert.match(text, /WATCH_DIR can't come from \$\{file:secrets\/key\}/);
  assert.match(text, /RETRIES must be a whole number/);
  assert.match(text, /WATCH_REGEX is not what it must be/);
  assert.ok(!text.includes('hush-hush'), text);
});

test('matches looks for a match anywhere in the path, whatever the case', async t => {
  const { dataset } = await load(t, { 'a.yaml': 'WATCH_DIR: ./in\n' });
  for (const path of [
    'a.csv',
    'x/y/Été.CSV',
    'a.parquet',
    'a.ndjson.gz',
    'a.xml.zst',
    'a.csv.zip',
    'a.Xlsx',
    'a.txt',
    'a.xlsb',
    'a.fods',
  ])
    assert.ok(dataset.matches(path), path);
  for (const path of ['a.md', 'a.csv.bak', 'csv', 'a.7z', 'a.zst', 'a.csv.gz.part'])
    assert.ok(!dataset.matches(path), path);
  const own = await load(t, { 'a.yaml': "WATCH_DIR: ./in\nWATCH_REGEX: '^north/.*_é\\.csv$'\n" });
  assert.deepEqual(
    ['north/a_É.csv', 'NORTH/b_é.CSV', 'south/a_é.csv'].map(path => own.dataset.matches(path)),
    [true, true, false],
  );
});

test('a regular expression that would backtrack for ever answers at once', async t => {
  const { dataset } = await load(t, { 'a.yaml': "WATCH_DIR: ./in\nWATCH_REGEX: '^(a+)+$'\n" });
  assert.equal(dataset.matches(`${'a'.repeat(5000)}!`), false);
});

test('equal settings have equal hashes, however they are written; different ones differ', async t => {
  const hash = async (text: string) => (await load(t, { 'a.yaml': text }, { N: '3' }, '/srv/project')).dataset.hash;
  const first = await hash('WATCH_DIR: ./in\nENV: {A: 1, B: 2}\n');
  assert.equal(await hash('# comment\nENV:\n  B: 2\n  A: 1\nWATCH_DIR: "./in"\nRETRIES: ${N}\n'), first);
  assert.notEqual(await hash('WATCH_DIR: ./in\nENV: {A: 1, B: 3}\n'), first);
});

test('commands, folders and mounts are from the root of the project', async t => {
  const { dataset, root } = await load(t, {
    'a.yaml': `WATCH_DIR: ./in
BACKUP_DIR: backup
BACKUP_FILE: true
QUARANTINE_DIR: /quarantine
COMMAND: ./scripts/load.sh --name "two words"
PARAMETERS: -f {file} 'a b'
`,
    'b.yaml': 'WATCH_DIR: ./in\nDOCKER_OPTIONS: {volumes: ["./tables:/tables:ro", "named:/x", "/abs:/y"]}\n',
    'c.yaml': 'WATCH_DIR: ./in\nCOMMAND: [curl, ./x]\n',
  });
  assert.deepEqual([...dataset.command], [join(root, 'scripts/load.sh'), '--name', 'two words']);
  assert.deepEqual([...dataset.parameters], ['-f', '{file}', 'a b']);
  assert.equal(dataset.settings.BACKUP_DIR, join(root, 'backup'));
  assert.equal(dataset.settings.QUARANTINE_DIR, '/quarantine');
});

test('a name on the PATH stays a name, and a named volume a volume', async t => {
  const { datasets, root } = await load(t, {
    '../policy.yaml': 'volumes: [/, named]\n',
    'b.yaml': 'WATCH_DIR: ./in\nDOCKER_OPTIONS: {volumes: ["./tables:/tables:ro", "named:/x", "/abs:/y"]}\n',
    'c.yaml': 'WATCH_DIR: ./in\nCOMMAND: [curl, ./x]\n',
  });
  assert.deepEqual(datasets[0]?.settings.DOCKER_OPTIONS?.volumes, [
    join(root, 'tables:/tables:ro'),
    'named:/x',
    '/abs:/y',
  ]);
  assert.deepEqual([...(datasets[1]?.command ?? [])], ['curl', './x']);
});

test('good files are used whatever the bad ones do, and anything that is no dataset is passed over', async t => {
  const { loaded } = await load(t, {
    'bad.yaml': 'WATCH_DIR: [\n',
    'good.yml': 'WATCH_DIR: ./in\n',
    '_other.yaml': ':::',
    '.hidden.yaml': ':::',
    'good.yaml~': ':::',
    'good/table.yaml': ':::',
  });
  assert.deepEqual([loaded.datasets.map(({ name }) => name), loaded.broken], [['good'], ['bad']]);
  assert.deepEqual([...new Set(loaded.errors.map(({ file }) => file))], ['config/bad.yaml']);
});

test('with a _defaults.yaml that is no YAML nothing can be used, and the mistake is told once', async t => {
  const { loaded } = await load(t, {
    '_defaults.yaml': 'A: [\n',
    'a.yaml': 'WATCH_DIR: ./in\n',
    'b.yaml': 'WATCH_DIR: ./in\n',
  });
  assert.deepEqual([loaded.datasets, loaded.broken], [[], ['a', 'b']]);
  assert.equal(loaded.errors.length, 1);
});

test('two datasets may watch the same folder', async t => {
  const { datasets } = await load(t, { 'a.yaml': 'WATCH_DIR: ./in\n', 'b.yaml': 'WATCH_DIR: ./in/b\n' });
  assert.equal(datasets.length, 2);
});

async function load(t: TestContext, files: Record<string, string>, env: Record<string, string> = {}, root?: string) {
  const project = await mkdtemp(join(tmpdir(), 'load-'));
  t.after(() => rm(project, { recursive: true }));
  const configDir = join(project, 'config');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(configDir, name, '..'), { recursive: true });
    await writeFile(join(configDir, name), text);
  }
  const loaded = await loadDatasets(configDir, env, root === undefined ? {} : { root });
  const text = [...loaded.errors, ...loaded.warnings].map(formatMistake).join('\n');
  const [dataset] = loaded.datasets;
  return {
    root: project,
    loaded,
    text,
    datasets: loaded.datasets,
    get dataset() {
      assert.ok(dataset, text);
      return dataset;
    },
  };
}
