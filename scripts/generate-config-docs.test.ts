import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import type { SchemaNode } from '../orchestrator/config/describe.ts';
import { settingsSchema } from '../orchestrator/config/schema.ts';
import { generateConfigDocs, staleConfigDocs } from './generate-config-docs.ts';

const CONFIG = new URL('../config/', import.meta.url);

test('config/schema.json and config/README.md are as the schema makes them; else run node scripts/generate-config-docs.ts', async () => {
  assert.deepEqual(await staleConfigDocs(), []);
});

test('every key has its meaning and its default, and so have the keys within', () => {
  const keysOf = (schema: SchemaNode): Array<[string, SchemaNode]> => [
    ...Object.entries(schema.properties ?? {}),
    ...Object.values(schema.properties ?? {}).flatMap(keysOf),
    ...(schema.anyOf ?? []).flatMap(keysOf),
  ];
  const lacking = keysOf(settingsSchema as SchemaNode)
    .filter(([key]) => key !== 'WATCH_DIR')
    .filter(([, schema]) => !schema.description || (schema['x-default'] === undefined && schema.default === undefined));
  assert.deepEqual(
    lacking.map(([key]) => key),
    [],
  );
});

test('the published schema is a valid one, and takes the shipped dataset, the examples and references', async () => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  const isValid = ajv.compile(JSON.parse(generateConfigDocs()['schema.json']!) as object);
  const examples = (await readdir(new URL('examples/', CONFIG))).filter(name => name.endsWith('.yaml'));
  for (const name of ['default.yaml', ...examples.map(example => `examples/${example}`)]) {
    const value: unknown = parse(await readFile(new URL(name, CONFIG), 'utf8'));
    assert.ok(isValid(value), `${name}: ${ajv.errorsText(isValid.errors)}`);
  }
  assert.ok(isValid({ WATCH_DIR: './in', CONCURRENCY: '${WORKERS:-2}', DEBUG: '${DEBUG}' }));
  assert.ok(!isValid({ WATCH_DIR: './in', CONCURRENCY: 'many' }));
  assert.ok(!isValid({ WATCH_DIR: './in', EXTRACT: { delimter: ';' } }));
  assert.ok(!isValid({}));
});
