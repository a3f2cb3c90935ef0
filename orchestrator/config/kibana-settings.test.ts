import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKibanaSettings } from './kibana-settings.ts';
import { looksSecret } from './secrets.ts';

test('what has a default is filled in, and nothing is set without KIBANA_URL', () => {
  assert.deepEqual(readKibanaSettings({ KIBANA_PASSWORD: 'alone' }, '/srv'), { settings: null, mistakes: [] });
  assert.deepEqual(readKibanaSettings({ KIBANA_URL: 'http://127.0.0.1:5601/' }, '/srv'), {
    settings: {
      url: 'http://127.0.0.1:5601',
      publicUrl: 'http://127.0.0.1:5601',
      apiKey: null,
      username: null,
      password: null,
      ca: null,
      space: 'default',
    },
    mistakes: [],
  });
});

test('each mistake says what to do, and shows no password', () => {
  const wrong: Array<[Record<string, string>, RegExp]> = [
    [{ KIBANA_URL: 'kibana:5601' }, /KIBANA_URL=\(not shown\), which must be an http or https URL/],
    [{ KIBANA_URL: 'http://me:hunter22@kibana' }, /set KIBANA_USERNAME and KIBANA_PASSWORD instead/],
    [{ KIBANA_URL: 'http://kibana/app/home' }, /end it before \/app/],
    [{ KIBANA_URL: 'http://kibana/base/s/sales' }, /set KIBANA_SPACE instead/],
    [{ KIBANA_URL: 'http://kibana/?x=1' }, /end it before that/],
    [{ KIBANA_URL: 'http://kibana/base?' }, /end it before that/],
    [{ KIBANA_URL: 'http://kibana/#' }, /end it before that/],
    [{ KIBANA_URL: 'http://kibana', KIBANA_PUBLIC_URL: 'ftp://kibana' }, /KIBANA_PUBLIC_URL=\(not shown\)/],
    [{ KIBANA_URL: 'http://kibana', KIBANA_SPACE: '../x' }, /KIBANA_SPACE="\.\.\/x"/],
    [{ KIBANA_URL: 'http://kibana', KIBANA_SPACE: 'Sales' }, /KIBANA_SPACE/],
    [{ KIBANA_URL: 'http://kibana', KIBANA_USERNAME: 'me' }, /set both or none/],
    [{ KIBANA_URL: 'http://kibana', KIBANA_API_KEY: 'hunter22\nx' }, /no API key has/],
    [
      { KIBANA_URL: 'http://kibana', KIBANA_API_KEY: 'k', KIBANA_USERNAME: 'me', KIBANA_PASSWORD: 'hunter22' },
      /exclude each other/,
    ],
  ];
  for (const [env, expected] of wrong) {
    const { mistakes } = readKibanaSettings(env, '/srv');
    assert.match(mistakes.join('\n'), expected);
    assert.equal(mistakes.length, 1, JSON.stringify(env));
    assert.doesNotMatch(mistakes.join('\n'), /hunter22/);
  }
});

test('the variables that hold secrets have names by which logs mask them', () => {
  assert.deepEqual(['KIBANA_API_KEY', 'KIBANA_PASSWORD', 'KIBANA_URL', 'KIBANA_SPACE'].map(looksSecret), [
    true,
    true,
    false,
    false,
  ]);
});
