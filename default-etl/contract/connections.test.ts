import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { withConnections } from './connections.ts';

function fileWith(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'connections-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'connections.json');
  writeFileSync(path, text);
  return path;
}

test('what CONNECTIONS_FILE says takes precedence over the environment, which stays as it is without one', t => {
  const CONNECTIONS_FILE = fileWith(t, '{"ELASTICSEARCH_NODE":"http://u:p@a","ELASTICSEARCH_API_KEY":"k"}');
  const env = { ELASTICSEARCH_NODE: 'http://a', DATASET: 'sales' };
  assert.deepEqual(withConnections({ ...env, CONNECTIONS_FILE }), {
    CONNECTIONS_FILE,
    DATASET: 'sales',
    ELASTICSEARCH_NODE: 'http://u:p@a',
    ELASTICSEARCH_API_KEY: 'k',
  });
  assert.deepEqual(withConnections(env), env);
});

test('what is too large for a variable comes by ENVIRONMENT_FILE, and connections go before it', t => {
  const ENVIRONMENT_FILE = fileWith(t, '{"TRANSFORM":"[]","ELASTICSEARCH_NODE":"http://b"}');
  const CONNECTIONS_FILE = fileWith(t, '{"ELASTICSEARCH_NODE":"http://c"}');
  const env = withConnections({ DATASET: 'sales', ENVIRONMENT_FILE, CONNECTIONS_FILE });
  assert.deepEqual([env.DATASET, env['TRANSFORM'], env['ELASTICSEARCH_NODE']], ['sales', '[]', 'http://c']);
});

test('a file that is not there, or holds no such object, is a fault of the settings, and its text is not repeated', t => {
  for (const text of ['{"ELASTICSEARCH_PASSWORD":"secret"', '["secret"]', '{"ELASTICSEARCH_PASSWORD":1}', 'null'])
    assert.throws(
      () => withConnections({ CONNECTIONS_FILE: fileWith(t, text) }),
      (error: Error & { exitCode?: number }) => {
        assert.equal(error.exitCode, 78);
        assert.match(error.message, /^CONNECTIONS_FILE/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  assert.throws(() => withConnections({ CONNECTIONS_FILE: '/no/such/file' }), { exitCode: 78, message: /ENOENT/ });
});
