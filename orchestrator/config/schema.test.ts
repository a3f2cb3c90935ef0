import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { policySchema } from './policy-schema.ts';
import { settingsSchema } from './schema.ts';

test('the schemas by which YAML is checked are valid ones, which no start looks into', () => {
  const ajv = new Ajv();
  for (const schema of [settingsSchema, policySchema]) assert.ok(ajv.validateSchema(schema), ajv.errorsText());
  assert.ok(!ajv.validateSchema({ type: 'strnig' }));
});
