import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBoth } from '../../testing/both-readers.ts';
import { readTable, values } from '../../testing/csv-table.ts';
import { temporaryFolder } from '../../testing/load.ts';

const rows = (count: number, row = (index: number) => `${index};n${index};${2 * index}`) =>
  Array.from({ length: count }, (_, index) => `${row(index)}\n`).join('');

test('a second table behind the first rows is said with its line, in a text and in a sheet', async context => {
  const folder = temporaryFolder(context);
  for (const count of [198, 199, 500, 3000])
    for (const second of [
      '\nx;y;z\n1;a;2\n2;b;3\n3;c;4\n',
      'x;y;z\n1;a;2\n2;b;3\n3;c;4\n',
      '\nx;y;\n1;2;\n2;3;\n3;4;\n',
      'x;y;\n1;2;\n2;3;\n3;4;\n',
      '\nx;y;z\n1;a;2\n',
    ]) {
      const found = await readBoth(folder, `id;n;t\n${rows(count)}${second}`);
      const line = count + 2 + (second.startsWith('\n') ? 1 : 0);
      assert.match(found.decided['tables']?.reason ?? '', new RegExp(`^line ${line} looks like the header`), second);
    }
});

test('in a long file, too, also where its rows are short or too long', async context => {
  const folder = temporaryFolder(context);
  for (const second of ['\nx;y\n1;2\n2;3\n3;4\n', 'x;y\n1;2\n2;3\n3;4\n', '\r\nx;y;z\r\n1;a;2\r\n2;b;3\r\n3;c;4\r\n']) {
    const found = await readTable(folder, `id;n;t\n${rows(200_000)}${second}`);
    assert.deepEqual(values(found, 'tables'), [2], second);
  }
  const wider = await readTable(folder, `id;n;t\n${rows(500)}\nx;y;z;u\n1;2;3;4\n`);
  assert.equal(wider.rejects.length, 2);
});

test('words in a row, gaps, short rows and misprints are no second table', async context => {
  const folder = temporaryFolder(context);
  for (const other of [
    'total;n;nd\n',
    '\nNord;;\n1;n;2\n',
    '7;x\n8;y\n',
    'inconnu;x;12\n',
    '\n12;n;5\n\n13;n;6\n',
    'n.d.;n.d.;n.d.\n',
  ]) {
    const found = await readTable(folder, `id;n;t\n${rows(500)}${other}${rows(50)}`);
    assert.deepEqual(values(found, 'tables'), [undefined], other);
  }
});
