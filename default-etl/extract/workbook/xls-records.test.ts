import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as XLSX from '@e965/xlsx';
import fc from 'fast-check';
import { readWorkbook } from '../../testing/workbook.ts';

const COUNT = 2000;
const SECTOR_BYTES = 512;
const rows = Array.from({ length: COUNT }, (_, row) => [`name ${row}`, row + 0.5, row % 7]);
const book = XLSX.utils.book_new(XLSX.utils.aoa_to_sheet([['name', 'value', 'rest'], ...rows]), 'Data');

function xlsOf(bookType: string): Buffer {
  return XLSX.write(book, { type: 'buffer', bookType: bookType as XLSX.BookType }) as Buffer;
}

/** How many rows are read; undefined where the file is refused as damaged. */
async function rowsIn(bytes: Buffer): Promise<number | undefined> {
  try {
    return (await readWorkbook(bytes)).rows.length;
  } catch (error) {
    const { exitCode, message } = error as Error & { exitCode?: number };
    assert.equal(exitCode, 65, message);
    assert.match(message, /in\.xlsx is damaged.*open and save it again/);
    return undefined;
  }
}

test('an xls that is cut off anywhere is damaged, or has all its rows', async () => {
  for (const bookType of ['biff8', 'biff5', 'biff4', 'biff2'] as const) {
    const bytes = xlsOf(bookType);
    assert.equal(await rowsIn(bytes), COUNT);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 16, max: bytes.length - 1 }), async length => {
        const found = await rowsIn(bytes.subarray(0, length));
        assert.ok(found === undefined || found === COUNT, `${bookType}: ${found} rows of ${length} bytes`);
      }),
      { numRuns: 25 },
    );
  }
});

test('an xls of which a part was written over with zeros among its rows is damaged', async () => {
  const bytes = xlsOf('biff8');
  for (const share of [0.3, 0.4, 0.5, 0.6, 0.7]) {
    const at = Math.floor((bytes.length * share) / SECTOR_BYTES) * SECTOR_BYTES;
    const torn = Buffer.from(bytes).fill(0, at, at + SECTOR_BYTES);
    assert.equal(await rowsIn(torn), undefined, String(share));
  }
});

test('an xls whose chains of sectors go in a circle is damaged, and is not read for ever', async () => {
  const bytes = Buffer.from(xlsOf('biff8'));
  const table = (bytes.readUInt32LE(76) + 1) * SECTOR_BYTES;
  assert.equal(await rowsIn(Buffer.from(bytes).fill(0, table, table + SECTOR_BYTES)), undefined);
});
