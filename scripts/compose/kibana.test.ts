import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readKibanaSettings } from '../../orchestrator/config/kibana-settings.ts';

interface Service {
  command?: string[];
  depends_on?: Record<string, unknown>;
  environment?: Record<string, string>;
}

const text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };

test('the orchestrator is told where Kibana is, and starts without it', () => {
  const { environment = {}, depends_on: needed = {} } = services['orchestrator'] ?? {};
  const given = { ...environment, KIBANA_PUBLIC_URL: 'http://127.0.0.1:5601', KIBANA_PASSWORD: 'chosen' };
  const { settings, mistakes } = readKibanaSettings(given, '/');
  assert.deepEqual(mistakes, []);
  assert.deepEqual(
    [settings?.url, settings?.username, settings?.space],
    ['http://kibana:5601', 'orchestrator-kibana', 'default'],
  );
  assert.deepEqual(
    Object.keys(needed).filter(name => name.startsWith('kibana')),
    [],
  );
});

test('Kibana’s first page is the list of dashboards', () => {
  assert.deepEqual(services['kibana']?.command, [
    '/usr/local/bin/kibana-docker',
    '--uiSettings.overrides.defaultRoute=/app/dashboards',
  ]);
});

test('each of the two users of the orchestrator has a password of its own, and the one for Kibana no right to write rows', async () => {
  const { environment = {} } = services['orchestrator'] ?? {};
  assert.notEqual(environment['KIBANA_PASSWORD'], environment['ELASTICSEARCH_PASSWORD']);
  const file = new URL('../../docker/elasticsearch/orchestrator-kibana-role.json', import.meta.url);
  const role = JSON.parse(await readFile(file, 'utf8')) as {
    cluster?: string[];
    indices: Array<{ privileges: string[] }>;
  };
  assert.deepEqual(
    role.indices.map(({ privileges }) => privileges),
    [['read', 'view_index_metadata']],
  );
  assert.equal(role.cluster, undefined);
});
