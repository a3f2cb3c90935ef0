import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { check } from '../check.ts';
import { importEach, importFile, writeDataset } from './import.ts';

const WITH_ELASTICSEARCH = { ELASTICSEARCH_NODE: 'http://localhost:9200' };

test('a config of the default ETL becomes a dataset with a run per folder', async t => {
  const { settings, yaml, warnings } = await importText(
    t,
    'sample.conf',
    `WATCH_DIR=/data/default
WATCH_REGEX=.csv
COMMAND=/scripts/runner-multiple-files.sh

DOCKER_IMAGE=default-etl:prod
PARAMETERS=-p default

path_to_data=/data/default
kibana_info=
elasticsearch_host=search.example
elasticsearch_port=9201
elasticsearch_user=elastic
elasticsearch_password=Pa55word
elasticsearch_scheme=https

DEBUG=true
TO_REMOVE=true
BACKUP=true
`,
  );
  assert.deepEqual(settings, {
    WATCH_DIR: '/data/default',
    WATCH_REGEX: '.csv',
    RUN_PER: 'folder',
    LOAD: { index: 'pypel-default' },
    DEBUG: true,
    REMOVE_FILE: true,
    BACKUP_FILE: true,
  });
  for (const name of ['DOCKER_IMAGE', 'PARAMETERS', 'path_to_data', 'kibana_info', 'elasticsearch_password']) {
    assert.ok(
      warnings.some(warning => warning.startsWith(name)),
      name,
    );
    assert.ok(yaml.includes(`# - ${name}`), name);
  }
  assert.ok(warnings.some(warning => warning.includes('ELASTICSEARCH_NODE=https://search.example:9201')));
  assert.ok(!(yaml + warnings.join()).includes('Pa55word'));
});

test('a config of an image keeps quotes that hold words together, fills in variables and hides secrets', async t => {
  const { settings, yaml, warnings } = await importText(
    t,
    'curl.conf',
    `# Public procurement
export WATCH_DIR=/data/decp/   # as mounted
WATCH_REGEX='\\.csv$'
COMMAND=/scripts/runner-file.sh
DOCKER_IMAGE="curlimages/curl:7.75.0"
BASE_URL=http://localhost
TOKEN=mon-token
REMOVE_FILE=false
BACKUP_FILE=1
PARAMETERS="\${BASE_URL}/api" -X POST -H 'Accept: */*' -H "x-api-token: $TOKEN" -F "file=@$file" -F "name=$(basename "$file")"
DOCKER_OPTIONS=--rm --memory=512m --cpus 1.5 -v /tables:/tables:ro -v /x:/x --log-driver gelf -e MODE=fast --user 1000
`,
  );
  assert.deepEqual(settings, {
    WATCH_DIR: '/data/decp/',
    WATCH_REGEX: '\\.csv$',
    DOCKER_IMAGE: 'curlimages/curl:7.75.0',
    ENV: { BASE_URL: 'http://localhost', TOKEN: '${TOKEN:-}', MODE: 'fast' },
    REMOVE_FILE: false,
    BACKUP_FILE: true,
    PARAMETERS: `"http://localhost/api" -X POST -H 'Accept: */*' -H "x-api-token: \${TOKEN:-}" -F "file=@{file}" -F "name={name}"`,
    DOCKER_OPTIONS: { memory: '512m', cpus: 1.5, volumes: ['/tables:/tables:ro', '/x:/x'], user: '1000' },
  });
  assert.match(yaml, /# Public procurement\nWATCH_DIR/);
  assert.match(yaml, /# - DOCKER_OPTIONS --log-driver gelf/);
  assert.ok(warnings.some(warning => warning.startsWith('TOKEN: ')));
  assert.ok(!(yaml + warnings.join()).includes('mon-token'));
});

test('a program of its own, lines that are no assignments, commands within, and PostgreSQL variables', async t => {
  const { settings, yaml, warnings } = await importText(
    t,
    'own.conf',
    `#!/bin/bash
source /etc/common
ROOT=/srv
WATCH_DIR=$ROOT/in
WATCH_REGEX=(?=x)
COMMAND="\${ROOT}/load.sh --fast"
PARAMETERS=--day $(date +%F)
PGHOST=db
PGPASSWORD=pgsecret
SOURCE=https://reader:pgsecret@example.org/
VERSION=3
`,
  );
  assert.deepEqual(settings, {
    ENV: { ROOT: '/srv', PGHOST: 'db', PGPASSWORD: '${PGPASSWORD:-}', SOURCE: '${SOURCE:-}' },
    WATCH_DIR: '/srv/in',
    COMMAND: '/srv/load.sh --fast',
  });
  for (const original of ['source /etc/common', 'WATCH_REGEX=(?=x)', 'PARAMETERS=--day $(date +%F)', 'VERSION'])
    assert.ok(yaml.includes(`# - ${original}`) && warnings.some(warning => warning.startsWith(original)), original);
  assert.ok(!(yaml + warnings.join()).includes('pgsecret'));
});

test('a pypel process: what has a key or a step is carried over, the rest is comments and warnings', async t => {
  const { settings, yaml, warnings } = await importText(
    t,
    'process.json',
    JSON.stringify({
      Processes: [
        {
          name: 'EXAMPLE',
          Extractor: {
            name: 'pypel.extractors.XLSXExtractor',
            sheet_name: 'Feuille 1',
            skiprows: 5,
            converters: { A: 'str' },
          },
          Transformers: [
            { name: 'pypel.transformers.Transformer', strip: ['DEPARTEMENT'], column_replace: { é: 'e', ' ': '_' } },
            { name: 'pypel.transformers.MergerTransformer', ref: 'ref.csv' },
            { name: 'ours.Cleaner', level: 2 },
            { name: 'ContentReplacerTransformer', replace_dict: { '(?=x)': '', '^0$': 1, '^-$': null, b: '${b}' } },
          ],
          Loader: {
            name: 'pypel.loaders.Loader',
            indice: 'Pypel_Bulk',
            overwrite: true,
            backup: true,
            es_conf: { user: 'elastic', pwd: 'changeme', host: 'h' },
          },
        },
      ],
    }),
  );
  assert.deepEqual(settings, {
    WATCH_DIR: './data/in/example',
    EXTRACT: { format: 'xlsx', sheet: 'Feuille 1', skip_rows: 5 },
    TRANSFORM: [
      { null_values: [''] },
      { header: { trim: true } },
      { rename: { regex: { é: 'e', ' ': '_' } } },
      { header: { trim: false, case: 'upper' } },
      { strip: ['DEPARTEMENT'] },
      { replace: { regex: { '^-$': null, b: '$${b}' } } },
    ],
    LOAD: { index: 'pypel_bulk', date_suffix: '_%m_%Y', overwrite: true },
  });
  for (const original of [
    'extractor XLSXExtractor converters',
    'step MergerTransformer {"ref":"ref.csv"}: needs a file in ref, columns in mergekey',
    'step Cleaner {"level":2}: is no class of pypel',
    'step ContentReplacerTransformer replace_dict "(?=x)": is no expression of RE2',
    'step ContentReplacerTransformer replace_dict "^0$": becomes 1, and only text or null',
    'loader backup',
    'loader es_conf',
  ])
    assert.ok(yaml.includes(`# - ${original}`) && warnings.some(warning => warning.startsWith(original)), original);
  assert.ok(!(yaml + warnings.join()).includes('changeme'));
});

test('of several pypel processes the first is the YAML, and the others stand below as comments', async t => {
  const loader = (indice: string) => ({ name: 'pypel.Loader', indice, time_freq: '' });
  const { settings, yaml, warnings } = await importText(
    t,
    'two.json',
    JSON.stringify({
      path_to_data: '/srv/data',
      elastic_ip: 'http://elastic:password1@0.0.0.0:9200',
      Processes: [
        {
          name: 'A',
          Extractors: { name: 'pypel.Extractor' },
          Transformers: { name: 'pypel.Transformer' },
          Loaders: loader('a'),
        },
        { name: 'B', Extractors: { name: 'pypel.CSVExtractor', sep: ';' }, Loaders: loader('b') },
      ],
    }),
  );
  assert.deepEqual(settings, { WATCH_DIR: '/srv/data', TRANSFORM: ['minimal'], LOAD: { index: 'a' } });
  assert.match(yaml, /^#\s+delimiter: ;$/m);
  assert.ok(warnings.some(warning => warning.startsWith('process B')));
  assert.ok(!(yaml + warnings.join()).includes('password1'));
});

test('what the shell would run is left out with its reason, and its first line is no comment', async t => {
  const text = "#!/bin/bash\nWATCH_DIR=$(dirname /srv/in/x)\nDAY=`date`\nNIGHT='12'\n";
  const { settings, yaml, warnings } = await importText(t, 'computed.conf', text);
  assert.deepEqual(settings, { WATCH_DIR: './data/in/imported', ENV: { NIGHT: '12' } });
  assert.ok(!yaml.includes('bin/bash'), yaml);
  for (const left of ['WATCH_DIR=$(dirname /srv/in/x)', 'DAY=`date`'])
    assert.ok(warnings.includes(`${left}: a command within is not run; write what it gives`), warnings.join('\n'));
});

const PARAMETERS = {
  process: {
    default: { class: 'pypel.Process', path: 'default', index_pattern: 'pypel-default' },
    costs: { class: 'own.CostsProcess', path: 'costs', indice: 'costs', sheet_name: 'Page 2' },
  },
};

test('the original’s own parameters.json: a folder and an index each, without a date', async t => {
  const { settings, yaml, warnings } = await importText(t, 'parameters.json', JSON.stringify(PARAMETERS));
  assert.deepEqual(settings, {
    WATCH_DIR: './data/in/default',
    TRANSFORM: ['minimal'],
    LOAD: { index: 'pypel-default' },
  });
  assert.match(yaml, /^#\s+WATCH_DIR: \.\/data\/in\/costs$/m);
  assert.match(yaml, /^#\s+sheet: Page 2$/m);
  assert.ok(
    warnings.some(warning => warning.startsWith('class "own.CostsProcess"')),
    warnings.join('\n'),
  );
});

test('a shell config and the JSON that it ran with are one dataset: the folder of the one, the process of the other', async t => {
  const root = await mkdtemp(join(tmpdir(), 'import-'));
  t.after(() => rm(root, { recursive: true }));
  const conf = join(root, 'costs.conf');
  const json = join(root, 'parameters.json');
  const text =
    'WATCH_DIR=/data/costs\nWATCH_REGEX=.xlsx\nCOMMAND=/scripts/runner-file.sh\nDOCKER_IMAGE=default-etl:prod\nPARAMETERS=-p costs\nBACKUP=true\n';
  await writeFile(conf, text);
  await writeFile(json, JSON.stringify(PARAMETERS));
  for (const files of [
    [conf, json],
    [json, conf],
  ]) {
    const { yaml } = await importFile(...files);
    assert.deepEqual(parse(yaml), {
      WATCH_DIR: '/data/costs',
      WATCH_REGEX: '.xlsx',
      LOAD: { index: 'costs' },
      BACKUP_FILE: true,
      EXTRACT: { sheet: 'Page 2' },
      TRANSFORM: ['minimal'],
    });
    assert.ok(!yaml.includes('pypel-default'), yaml);
  }
  await assert.rejects(importFile(conf, conf), /costs\.conf is a second shell config/);
});

test('it is written as a dataset, never over another; of a JSON each process alone', async t => {
  const root = await mkdtemp(join(tmpdir(), 'import-'));
  t.after(() => rm(root, { recursive: true }));
  await writeFile(join(root, 'parameters.json'), JSON.stringify(PARAMETERS));
  const drafts = await importEach(join(root, 'parameters.json'));
  assert.deepEqual(
    drafts.map(({ name }) => name),
    ['default', 'costs'],
  );
  const path = await writeDataset(root, 'costs', drafts[1]!.yaml);
  assert.equal(await readFile(path, 'utf8'), drafts[1]!.yaml);
  assert.equal((await stat(path)).mode & 0o777, 0o644);
  await assert.rejects(
    writeDataset(root, 'costs', ''),
    /costs\.yaml can't be written: it is there already; name another: --write NAME/,
  );
  await assert.rejects(writeDataset(root, '../costs', ''), /can't be called \.\.\/costs/);
});

test('what is neither of the two formats is refused', async t => {
  const others = {
    'a.csv': 'WATCH,DIR\n1,2\n',
    'package.json': '{"name":"x","scripts":{}}',
    'list.json': '[1,2,{"a":1}]',
    'compose.yml': 'services:\n  a:\n    image: b\n',
    '.env': 'TOKEN=abc\nPORT=1\n',
    empty: '',
    long: `WATCH_DIR=${'x'.repeat(2 ** 20)}`,
  };
  for (const [name, text] of Object.entries(others))
    await assert.rejects(
      importText(t, name, text),
      /is neither a shell config of the bash orchestrator .* nor a pypel JSON/,
      name,
    );
});

test('a file that is not there, or no JSON, is an error that says so', async t => {
  await assert.rejects(importFile('/no/such.conf'), /import: \/no\/such\.conf can't be read/);
  await assert.rejects(importText(t, 'bad.json', '{"Processes": ['), /is no JSON/);
  await assert.rejects(importText(t, 'binary', 'A=1\n\0'), /binary is neither a shell config/);
});

/** Imports a text, and checks the outcome with and without Elasticsearch. */
async function importText(t: TestContext, name: string, text: string) {
  const root = await mkdtemp(join(tmpdir(), 'import-'));
  t.after(() => rm(root, { recursive: true }));
  await writeFile(join(root, name), text);
  const { yaml, warnings } = await importFile(join(root, name));
  await mkdir(join(root, 'config'));
  await writeFile(join(root, 'config/imported.yaml'), yaml);
  await writeFile(join(root, 'policy.yaml'), "users: ['1000']\n");
  for (const env of [{}, WITH_ELASTICSEARCH]) {
    const written: string[] = [];
    assert.equal(await check(join(root, 'config'), env, line => written.push(line)), 0, written.join('') + yaml);
  }
  return { yaml, warnings, settings: parse(yaml) as Record<string, unknown> };
}
