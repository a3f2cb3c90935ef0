import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf } from '../../contract/limits.ts';
import type { ByteStream, Source } from '../../unpack/source.ts';
import { HOSTILE } from '../../testing/hostile-csv.ts';
import { InnerMarks } from '../inner-marks.ts';
import { CsvRun } from './csv-run.ts';

/** How often a byte is looked at, at most: about twice by the tokenizer, and by those who look at odd records again. */
const MOST_LOOKS = 40;
/** Other readings have so much for a start. */
const FIRST_LOOKS = 2 << 20;

for (const [name, shape] of Object.entries(HOSTILE))
  test(`${name}: twice the text takes twice the looks`, async () => {
    const [once, twice] = [await looksAt(shape(1 << 19)), await looksAt(shape(1 << 20))];
    assert.ok(once <= MOST_LOOKS * (1 << 20) + FIRST_LOOKS, `${once / (1 << 20)} looks at a byte of 1 MB`);
    assert.ok(
      twice <= 2.2 * once + FIRST_LOOKS,
      `${once / (1 << 20)} looks at a byte of 1 MB, ${twice / (1 << 21)} of 2 MB`,
    );
  });

/** Bytes looked at to read the text, each as often as it was. */
async function looksAt(text: Buffer): Promise<number> {
  const encoding = { name: 'utf8', bomBytes: 0, confidence: 1, reason: '' };
  const seen = { onHeader: () => {}, marks: new InnerMarks() };
  const run = new CsvRun(sourceOf(text), encoding, LAYOUT, limitsOf({}), seen);
  for await (const { rows, rejects } of run.batches()) assert.ok(rows + rejects.length > 0);
  return run.lookedAt;
}

const LAYOUT = {
  dialect: { delimiter: Buffer.from(';'), quote: 34, escape: -1, skipsBlanks: false },
  skipLines: 0,
  header: true,
  width: 0,
  undeclared: { quote: true, escape: true, blanks: true },
  lineEnd: { bytes: 1, first: 10 },
};

function sourceOf(text: Buffer): Source {
  const stream = (): ByteStream => {
    let position = 0;
    return {
      async fill(buffer, offset) {
        const count = text.copy(buffer, offset, position);
        position += count;
        return count;
      },
      close() {},
    };
  };
  return { path: 'in.csv', sizeBytes: text.length, isSeekable: false, bytesRead: 0, stream } as unknown as Source;
}
