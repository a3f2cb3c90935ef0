import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseEnvFile, parseEnvironment, VARIABLES } from '../orchestrator/config/environment.ts';

const root = new URL('../', import.meta.url);
const read = (name: string) => readFile(new URL(name, root), 'utf8');

test('.env.example has every setting of the orchestrator and of compose, and no other', async () => {
  const named = [...(await read('.env.example')).matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
  const ofCompose = [...(await read('docker-compose.yml')).matchAll(/[^$]\$\{([A-Z_]+)/g)].map(([, name]) => name);
  const wanted = new Set([...ofCompose, ...Object.keys(VARIABLES)]);
  assert.deepEqual(new Set(named), wanted);
});

test('it is a file of settings that all hold as they stand, whichever are taken in', async () => {
  const text = await read('.env.example');
  for (const variables of [parseEnvFile(text), parseEnvFile(text.replaceAll(/^#([A-Z_]+=)/gm, '$1'))])
    assert.doesNotThrow(() => parseEnvironment(variables, '/'));
});

test('compose passes on every setting that does not say where things are', async () => {
  const compose = await read('docker-compose.yml');
  const passed = [
    'ALLOWED_HOSTS',
    'CONCURRENCY',
    'GRACE',
    'LIST_INTERVAL',
    'LOG_LEVEL',
    'MIN_FREE',
    'PUBLIC_URL',
    'RETENTION',
  ];
  for (const name of [...passed, 'RUN_KEYS', 'RUN_UIDS'])
    assert.match(compose, new RegExp(`^ {6}${name}: .*\\$\\{${name}:-`, 'm'));
});
