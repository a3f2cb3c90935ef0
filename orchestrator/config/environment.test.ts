import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrchestratorError } from '../errors.ts';
import { parseEnvFile, parseEnvironment } from './environment.ts';

test('an empty environment has the defaults', () => {
  const { concurrency, ...rest } = parseEnvironment({ HOME: '/root' }, '/srv');
  assert.ok(concurrency >= 1);
  assert.deepEqual(rest, {
    configDir: '/srv/config',
    dataDir: '/srv/data',
    policyFile: '/srv/policy.yaml',
    isPolicyNamed: false,
    port: 8080,
    host: '127.0.0.1',
    auth: 'on',
    allowedHosts: [],
    publicUrl: null,
    elasticsearch: null,
    kibana: null,
    dockerHost: null,
    hostPathMap: null,
    runNetwork: null,
    runtimeDir: null,
    runKeys: 'auto',
    logLevel: 'info',
    logFormat: 'text',
    logElasticsearch: 'on',
    logRunsElasticsearch: 'problems',
    metricsElasticsearch: 'on',
    telemetryRetention: null,
    journal: '/srv/data/journal.sqlite',
    minFreeBytes: 1024 ** 3,
    retentionMs: 30 * 86_400_000,
    graceMs: 30_000,
    runUids: { from: 61_200, to: 61_455 },
    listIntervalMs: null,
  });
});

test('every variable is read, with its unit', () => {
  const environment = parseEnvironment(
    {
      CONFIG_DIR: '/etc/etl',
      DATA_DIR: 'var',
      POLICY_FILE: 'rules.yaml',
      PORT: '0',
      HOST: '0.0.0.0',
      AUTH: 'on',
      ALLOWED_HOSTS: 'ETL.example.org, orchestrator',
      PUBLIC_URL: 'https://etl.example.org/',
      ELASTICSEARCH_NODE: 'https://a:9200/, https://b:9200',
      ELASTICSEARCH_USERNAME: 'elastic',
      ELASTICSEARCH_PASSWORD: ' secret ',
      ELASTICSEARCH_CA: 'ca.pem',
      KIBANA_URL: 'https://kibana.example.org/kibana/',
      KIBANA_PUBLIC_URL: 'https://look.example.org/',
      KIBANA_USERNAME: 'orchestrator-kibana',
      KIBANA_PASSWORD: ' hidden ',
      KIBANA_CA: 'kibana.pem',
      KIBANA_SPACE: 'statistics',
      DOCKER_HOST: 'tcp://docker:2375',
      HOST_PATH_MAP: '/data=/srv/data,/config=/srv/config',
      RUN_NETWORK: 'etl-runs',
      RUNTIME_DIR: 'run',
      RUN_KEYS: 'required',
      LOG_LEVEL: 'DEBUG',
      LOG_FORMAT: 'JSON',
      LOG_ELASTICSEARCH: 'off',
      LOG_RUNS_ELASTICSEARCH: 'all',
      METRICS_ELASTICSEARCH: 'without-template',
      TELEMETRY_RETENTION: '90d',
      CONCURRENCY: '7',
      JOURNAL: 'j.sqlite',
      MIN_FREE: '1.5k',
      RETENTION: '365d',
      GRACE: '500ms',
      RUN_UIDS: '70000-70003',
      LIST_INTERVAL: '2m',
    },
    '/srv',
  );
  assert.deepEqual(environment, {
    configDir: '/etc/etl',
    dataDir: '/srv/var',
    policyFile: '/srv/rules.yaml',
    isPolicyNamed: true,
    port: 0,
    host: '0.0.0.0',
    auth: 'on',
    allowedHosts: ['etl.example.org', 'orchestrator'],
    publicUrl: 'https://etl.example.org',
    elasticsearch: {
      nodes: ['https://a:9200', 'https://b:9200'],
      apiKey: null,
      username: 'elastic',
      password: ' secret ',
      ca: '/srv/ca.pem',
    },
    kibana: {
      url: 'https://kibana.example.org/kibana',
      publicUrl: 'https://look.example.org',
      apiKey: null,
      username: 'orchestrator-kibana',
      password: ' hidden ',
      ca: '/srv/kibana.pem',
      space: 'statistics',
    },
    dockerHost: 'tcp://docker:2375',
    hostPathMap: [
      { from: '/data', to: '/srv/data' },
      { from: '/config', to: '/srv/config' },
    ],
    runNetwork: 'etl-runs',
    runtimeDir: '/srv/run',
    runKeys: 'required',
    logLevel: 'debug',
    logFormat: 'json',
    logElasticsearch: 'off',
    logRunsElasticsearch: 'all',
    metricsElasticsearch: 'without-template',
    telemetryRetention: '90d',
    concurrency: 7,
    journal: '/srv/j.sqlite',
    minFreeBytes: 1536,
    retentionMs: 365 * 86_400_000,
    graceMs: 500,
    runUids: { from: 70_000, to: 70_003 },
    listIntervalMs: 120_000,
  });
});

test('variables that are empty count as unset', () => {
  const empty = {
    PORT: '',
    ELASTICSEARCH_NODE: ' ',
    ELASTICSEARCH_API_KEY: '',
    LIST_INTERVAL: '',
    RUN_UIDS: '',
    HOST_PATH_MAP: '',
  };
  assert.deepEqual(parseEnvironment(empty, '/srv'), parseEnvironment({}, '/srv'));
});

test('all mistakes are told at once, each with its variable, and no password with them', () => {
  const wrong = {
    PORT: '70000',
    AUTH: 'no',
    ALLOWED_HOSTS: 'http://etl.example.org',
    PUBLIC_URL: 'https://me:hunter22@etl.example.org/page',
    CONCURRENCY: '0',
    MIN_FREE: 'lots',
    RETENTION: '30',
    GRACE: '40d',
    LIST_INTERVAL: '0s',
    RUN_UIDS: '0-61455',
    LOG_LEVEL: 'loud',
    DOCKER_HOST: 'docker',
    HOST_PATH_MAP: 'a=b',
    ELASTICSEARCH_NODE: 'elastic:hunter22@localhost',
    ELASTICSEARCH_USERNAME: 'me',
  };
  assert.throws(
    () => parseEnvironment(wrong, '/srv'),
    (error: OrchestratorError) => {
      for (const name of Object.keys(wrong)) assert.ok(error.message.includes(name), name);
      assert.ok(!error.message.includes('hunter22'));
      assert.equal(error.kind, 'never');
      return error instanceof OrchestratorError;
    },
  );
});

test('AUTH=off is taken where nobody else reaches the port, and nowhere else', () => {
  for (const HOST of ['', '127.0.0.1', '127.1.2.3', '::1', 'localhost'])
    assert.equal(parseEnvironment({ AUTH: 'off', HOST }, '/srv').auth, 'off', HOST);
  for (const HOST of [
    '0.0.0.0',
    '::',
    '192.168.0.7',
    'etl.example.org',
    '127.0.0.1.example.org',
    'localhost.example.org',
  ])
    assert.throws(
      () => parseEnvironment({ AUTH: 'off', HOST }, '/srv'),
      /AUTH=off with HOST=.*set HOST=127\.0\.0\.1 or AUTH=on/,
    );
});

test('an API key and a user name exclude each other', () => {
  const both = {
    ELASTICSEARCH_NODE: 'http://a',
    ELASTICSEARCH_API_KEY: 'k',
    ELASTICSEARCH_USERNAME: 'u',
    ELASTICSEARCH_PASSWORD: 'p',
  };
  assert.throws(() => parseEnvironment(both, '/srv'), /exclude each other/);
});

test('a .env file has comments, quotes and exports', () => {
  assert.deepEqual(parseEnvFile('# c\nexport PORT=1\nA="b c" # d\n'), { PORT: '1', A: 'b c' });
});
