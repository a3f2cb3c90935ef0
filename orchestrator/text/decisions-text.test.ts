import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decisionsText, doubtTexts } from './decisions-text.ts';

test('each guess is a sentence, the least certain first', () => {
  const sheet = { name: 'sheet', value: 'Lisez-moi', confidence: 0.2, reason: 'there are 3' };
  const texts = doubtTexts([
    { ...sheet, confidence: 0.6 },
    { ...sheet, name: 'header', value: false, confidence: 0.5 },
    sheet,
  ]);
  assert.deepEqual(texts, [
    'it was read with sheet "Lisez-moi", which is only 20 % sure: there are 3',
    'it was read with header false, which is only 50 % sure: there are 3',
  ]);
});

test('what is doubtful about a file comes first, with its reason; what nobody asks about is left out', () => {
  const decision = (name: string, value: unknown, confidence: number) => ({ name, value, confidence, reason: 'why' });
  const text = decisionsText([
    decision('format', 'csv', 1),
    decision('delimiter', ';', 0.99),
    decision('line_end', 'LF', 1),
    decision('header', true, 0.59),
    decision('encoding', 'win1252', 0.55),
    decision('types', { A: 'long'.repeat(50) }, 0.5),
  ]);
  assert.match(
    text,
    /^types \{.{59}… \(50 % sure: why\), encoding "win1252" \(55 % sure: why\), header true \(59 % sure: why\), format "csv", delimiter ";" \(99 % sure\)$/,
  );
  assert.equal(decisionsText([]), '');
});
