import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neverFailure } from './failure.ts';
import { createReporter } from './report.ts';
import { visible, visibleBeside } from './visible.ts';

test('what takes no room or looks like a blank is shown by its number', () => {
  for (const [text, shown] of [
    ['PRI\u200bX', 'PRI\\u200bX'],
    ['\ufeffPRIX', '\\ufeffPRIX'],
    ['PRIX\u00a0HT', 'PRIX\\u00a0HT'],
    ['PRIX\u202fHT\u2009€', 'PRIX\\u202fHT\\u2009€'],
    ['PR\u00adIX\u2060', 'PR\\u00adIX\\u2060'],
    ['PRIX\u200e\u2800\u3164', 'PRIX\\u200e\\u2800\\u3164'],
    ['PRIX\u200d\ufe0f', 'PRIX\\u200d\\ufe0f'],
    ['PRIX\u{e0041}', 'PRIX\\u{e0041}'],
    // Words and signs that need their joiners, and what can be seen.
    ['می\u200cخواهم · 👩\u200d💻 · ❤\ufe0f · é · a b', 'می\u200cخواهم · 👩\u200d💻 · ❤\ufe0f · é · a b'],
  ] as const) {
    assert.equal(visible(text), shown);
    assert.equal(visible(visible(text)), shown);
  }
  assert.equal(neverFailure('there is no column PRI\u200bX').message, 'there is no column PRI\\u200bX');
});

test('what the log says of how a file is read shows them, too', () => {
  const lines: string[] = [];
  const reporter = createReporter(line => lines.push(line));
  reporter.decided([{ name: 'header', value: ['PRI\u200bX'], confidence: 1, reason: 'as it is' }]);
  assert.equal(lines[0], 'header ["PRI\\u200bX"] (as it is)\n');
});

test('a name that looks the same as another shows what differs', () => {
  for (const [name, other, shown] of [
    ['PRI\u200bX', 'PRIX', 'PRI\\u200bX'],
    ['ÉTAT', 'E\u0301TAT', '\\u00c9TAT'],
    ['E\u0301TAT', 'ÉTAT', 'E\\u0301TAT'],
    ['РRIX', 'PRIX', '\\u0420RIX'],
    ['ＰＲＩＸ', 'PRIX', '\\uff30\\uff32\\uff29\\uff38'],
    ['ÉTAT', 'ETAT', 'ÉTAT'],
    ['ПРИ', 'ПРИX', 'ПРИ'],
  ] as const)
    assert.equal(visibleBeside(name, other), shown);
});
