import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { strftime } from './strftime.ts';

test('rule 11: a date suffix is that of strftime in UTC, as the system’s own date command gives it', () => {
  const format = '%Y %y %C %m %d %e %H %I %M %S %p %j %s %A %a %B %b %w %u %U %W %V %G %F %T %%';
  const times = ['2020-12-31T23:59:59Z', '2021-01-03T00:00:00Z', '2024-02-29T12:30:05Z', '2026-07-01T09:00:00Z'];
  for (const time of times) {
    const expected = execFileSync('date', ['-u', '-d', time, `+${format}`], { env: { LC_ALL: 'C' }, encoding: 'utf8' });
    assert.equal(strftime(format, Date.parse(time)), expected.slice(0, -1));
  }
});

test('an unknown directive stays as it is', () => {
  assert.equal(strftime('_%m_%Y_%Q', Date.UTC(2020, 0, 2)), '_01_2020_%Q');
});
