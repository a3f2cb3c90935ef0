import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFindings } from './with-findings.ts';

test('what the rows showed stands behind what was decided before, and in place of the same name', () => {
  const decision = (name: string, value: unknown) => ({ name, value, confidence: 1, reason: name });
  const before = [decision('quote', '"'), decision('marks', 1)];
  assert.deepEqual(withFindings(before, [decision('marks', 1)]), { all: before, kept: 2 });
  assert.deepEqual(withFindings(before, [decision('marks', 2), decision('open_quotes', 1)]), {
    all: [decision('quote', '"'), decision('marks', 2), decision('open_quotes', 1)],
    kept: 1,
  });
});
