import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LedgerEntry, Run } from '../journal/journal.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { buildJob, jobTemplate, type JobFile } from './job.ts';

const run: Run = {
  id: 'r1',
  dataset: 'sales',
  file: 'north/a b.csv',
  root: '/srv/in',
  readFrom: null,
  state: 'running',
  action: 'change',
  priority: 0,
  version: 12,
  fileVersion: { sizeBytes: 5, token: '1700000000000000001.9007199254740993' },
  contentHash: 'abc',
  fileKey: 'key',
  index: 'sales',
  attempt: 2,
  retriesUsed: 1,
  waits: 0,
  seenAt: 0,
  queuedAt: 0,
  dueAt: 0,
  startedAt: 0,
  endedAt: null,
  rows: null,
  rowsMended: 0,
  beside: 0,
  toCheck: [],
  valuesLeftOut: 0,
  progress: null,
  error: null,
  runner: null,
  handle: null,
  batch: null,
  replayOf: null,
  delivered: null,
  cancelRequested: false,
  mendFile: null,
  leaseHolder: 'me',
};
const ledger: LedgerEntry = {
  index: 'sales',
  fileRows: 100_000,
  firstSeenAt: Date.UTC(2020, 0, 2),
  knownSince: 0,
  replacesFormer: true,
  replaces: [{ index: 'sales', FILE_KEY: 'old', FILE_ROWS: 7 }],
  mended: null,
};
const inContainer = { data: '/data', config: '/config', work: '/work' };
const attempt = { runId: 'r1', attempt: 2, datasetName: 'sales', workDir: '/w', logFile: '/l' };
const file: JobFile = { run, ledger, standIn: null };

function requestFor(dataset = datasetOf('sales', '/srv/in'), files: [JobFile, ...JobFile[]] = [file]) {
  return { dataset, connections: null, hasCertificate: false, attempt, files, owner: { uid: 1, gid: 1 } };
}

test('the environment is the contract’s, for the paths the attempt sees', () => {
  const environment = buildJob(requestFor()).environment(inContainer);
  const expected = {
    DATASET: 'sales',
    RUN_ID: 'r1',
    ATTEMPT: '2',
    VERSION: '12',
    ACTION: 'change',
    FILE: '/data/north/a b.csv',
    FILE_NAME: 'a b.csv',
    FILE_PATH: 'north/a b.csv',
    FILE_SIZE: '5',
    FILE_MTIME_NS: '1700000000000000001',
    FILE_INODE: '9007199254740993',
    CONTENT_HASH: 'abc',
    FILE_KEY: 'key',
    FILE_ROWS: '100000',
    REPLACES: '[{"index":"sales","FILE_KEY":"old","FILE_ROWS":7}]',
    SEEN_AT: '2020-01-02T00:00:00.000Z',
    KNOWN_SINCE: '1970-01-01T00:00:00.000Z',
    WORK_DIR: '/work',
    CONFIG_FILES: '/config',
  };
  for (const [key, value] of Object.entries(expected)) assert.equal(environment[key], value, key);
});

test('every config key is passed: objects and lists as JSON, what is not set left out', () => {
  const dataset = datasetOf('sales', '/srv/in', { LOAD: { index: 'x' }, QUARANTINE_DIR: null, EXTRACT: { sheet: 0 } });
  const environment = buildJob(requestFor(dataset)).environment(inContainer);
  assert.equal(environment['LOAD'], '{"target":"elasticsearch","index":"x"}');
  assert.equal(environment['EXTRACT'], '{"sheet":0}');
  assert.equal(environment['TRANSFORM'], '["minimal"]');
  assert.equal(environment['RECURSIVE'], 'true');
  assert.equal(environment['RETRIES'], '3');
  assert(!('QUARANTINE_DIR' in environment) && !('COMMAND' in environment));
});

const granted = {
  ELASTICSEARCH_NODE: 'http://u:p@a:9200,http://b',
  ELASTICSEARCH_USERNAME: 'etl',
  ELASTICSEARCH_PASSWORD: 'secret',
};

test('ENV goes before the orchestrator’s connection, and nothing before the contract', () => {
  const dataset = datasetOf('sales', '/srv/in', { ENV: { ELASTICSEARCH_NODE: 'http://mine', RUN_ID: 'x', LIMIT: 3 } });
  const connections = { variables: granted, file: null, write: () => undefined };
  const environment = buildJob({ ...requestFor(dataset), connections, hasCertificate: true }).environment(inContainer);
  assert.equal(environment['ELASTICSEARCH_NODE'], 'http://mine');
  assert.equal(environment['ELASTICSEARCH_PASSWORD'], 'secret');
  assert.equal(environment['ELASTICSEARCH_CA'], '/work/ca.pem');
  assert(!('ELASTICSEARCH_API_KEY' in environment) && !('CONNECTIONS_FILE' in environment));
  assert.equal(environment['RUN_ID'], 'r1');
  assert.equal(environment['LIMIT'], '3');
});

test('ENV says nothing of what the dataset’s own keys and the contract say, whatever gets past `check`', () => {
  const ENV = { LOAD: '{"index":"other"}', TRANSFORM: '[{"module":"s.mjs"}]', FILES: '/x', CONNECTIONS_FILE: '/x' };
  const dataset = datasetOf('sales', '/srv/in', { ENV, LOAD: { index: 'mine' } });
  const environment = buildJob({
    ...requestFor(dataset),
    connections: { variables: granted, file: '/run/c.json', write: () => undefined },
  });
  const { LOAD, TRANSFORM, CONNECTIONS_FILE, ...others } = environment.environment(inContainer);
  assert.deepEqual(
    [LOAD, TRANSFORM, CONNECTIONS_FILE],
    ['{"target":"elasticsearch","index":"mine"}', '["minimal"]', '/run/c.json'],
  );
  assert(!('FILES' in others));
  assert.equal(jobTemplate(dataset).environment(inContainer)['LOAD'], '{"target":"elasticsearch","index":"mine"}');
});

test('connections by file: the environment names the file and the nodes, and holds no secret, not even one of ENV', () => {
  const dataset = datasetOf('sales', '/srv/in', { ENV: { ELASTICSEARCH_PASSWORD: 'other', LIMIT: 3 } });
  const job = buildJob({
    ...requestFor(dataset),
    connections: { variables: granted, file: '/run/r1-2.json', write: () => undefined },
  });
  const environment = job.environment({ ...inContainer, connections: '/run/connections.json' });
  assert.equal(environment['CONNECTIONS_FILE'], '/run/connections.json');
  assert.equal(environment['ELASTICSEARCH_NODE'], 'http://a:9200,http://b');
  assert.equal(environment['ENV'], '{"LIMIT":3}');
  assert.doesNotMatch(JSON.stringify(environment), /secret|other|u:p|"etl"/);
  assert.equal(job.environment(inContainer)['CONNECTIONS_FILE'], '/run/r1-2.json');
});

test('what is started ahead has nothing of a connection that goes by file, not even one of ENV', () => {
  const ENV = { ELASTICSEARCH_PASSWORD: 'other', LIMIT: 3 };
  const template = (CONNECTIONS: 'file' | 'environment') =>
    jobTemplate(datasetOf('sales', '/srv/in', { CONNECTIONS, ENV })).environment(inContainer);
  assert.doesNotMatch(JSON.stringify(template('file')), /other/);
  assert.deepEqual([template('file')['LIMIT'], template('environment')['ELASTICSEARCH_PASSWORD']], ['3', 'other']);
});

test('an attempt that is given no connections has none in its environment', () => {
  const environment = buildJob({ ...requestFor(), hasCertificate: true }).environment(inContainer);
  assert.deepEqual(
    Object.keys(environment).filter(name => /^ELASTICSEARCH|^CONNECTIONS_FILE/.test(name)),
    [],
  );
});

test('PARAMETERS get the file, its name, the dataset and the run, each word staying one', () => {
  const dataset = {
    ...datasetOf('sales', '/srv/in'),
    parameters: ['-F', 'file=@{file}', '{name}-{dataset}-{run}-{x}'],
  };
  assert.deepEqual(buildJob(requestFor(dataset)).args(inContainer), [
    '-F',
    'file=@/data/north/a b.csv',
    'a b.csv-sales-r1-{x}',
  ]);
});

test('COMMAND gets the original’s four arguments, then PARAMETERS', () => {
  const dataset = { ...datasetOf('sales', '/srv/in'), command: ['post.sh'], parameters: ['-v'] };
  const own = { data: '/srv/in', config: '/c', work: '/w' };
  assert.deepEqual(buildJob(requestFor(dataset)).args(own), [
    '/srv/in/north/',
    'change',
    'a b.csv',
    '/etc/orchestrator/sales.yaml',
    '-v',
  ]);
});

test('rule 12: a run of mended rows reads the mended records, as the version they are', () => {
  const version = { sizeBytes: 3, token: '4.5' };
  const files: [JobFile] = [{ run: { ...run, action: 'mend' }, ledger, standIn: { path: 'mend.ndjson', version } }];
  const environment = buildJob(requestFor(undefined, files)).environment(inContainer);
  assert.equal(environment['FILE'], '/work/mend.ndjson');
  assert.equal(environment['FILE_INODE'], '5');
  assert.equal(environment['FILE_NAME'], 'a b.csv');
});

test('a file that the run may not read itself is read from its copy, as the version that the copy is', () => {
  const version = { sizeBytes: 5, token: '4.6' };
  const copied: JobFile = { run, ledger, standIn: { path: 'input/a b.csv', version } };
  const dataset = { ...datasetOf('sales', '/srv/in'), command: ['post.sh'], parameters: ['{file}'] };
  const job = buildJob(requestFor(dataset, [copied]));
  const environment = job.environment(inContainer);
  assert.deepEqual(
    ['FILE', 'FILE_NAME', 'FILE_PATH', 'FILE_SIZE', 'FILE_MTIME_NS', 'FILE_INODE'].map(name => environment[name]),
    ['/work/input/a b.csv', 'a b.csv', 'north/a b.csv', '5', '4', '6'],
  );
  assert.deepEqual(job.args(inContainer).slice(0, 3), ['/work/input/', 'change', 'a b.csv']);
  assert.equal(job.args(inContainer).at(-1), '/work/input/a b.csv');
});

test('a run over a folder gets the folder and a list of its files, each with a work folder of its own', t => {
  const workDir = mkdtempSync(join(tmpdir(), 'job-'));
  t.after(() => rmSync(workDir, { recursive: true }));
  const dataset = datasetOf('sales', '/srv/in', { RUN_PER: 'folder' });
  const other: JobFile = { ...file, run: { ...run, id: 'r2', file: 'c.csv' } };
  const job = buildJob({ ...requestFor(dataset, [file, other]), attempt: { ...attempt, workDir } });
  const environment = job.environment(inContainer);
  job.writeFiles(inContainer);
  assert.equal(job.file, '/srv/in');
  assert.equal(environment['FILE'], '/data');
  assert.equal(environment['FILES'], '/work/files.json');
  const list = JSON.parse(readFileSync(join(workDir, 'files.json'), 'utf8'));
  assert.deepEqual(
    list.map((entry: Record<string, string>) => [entry['RUN_ID'], entry['FILE'], entry['WORK_DIR']]),
    [
      ['r1', '/data/north/a b.csv', '/work/r1'],
      ['r2', '/data/c.csv', '/work/r2'],
    ],
  );
});
