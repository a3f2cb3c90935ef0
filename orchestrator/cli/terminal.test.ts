import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTerminal } from './terminal.ts';

// oxlint-disable-next-line no-control-regex -- finding them is the point
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/u;

function terminalOf({ isTTY }: { isTTY: boolean }) {
  const open = () => Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const [stdout, stderr] = [open(), open()];
  const terminal = createTerminal(stdout as never, stderr as never, { noColour: false });
  return { terminal, out: () => String(stdout.read() ?? ''), error: () => String(stderr.read() ?? '') };
}

test('whatever is written, a terminal gets nothing that it would obey, but our colours', () => {
  for (const isTTY of [true, false]) {
    const { terminal, out, error } = terminalOf({ isTTY });
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map(code => String.fromCharCode(code)),
      minLength: 1,
    });
    fc.assert(
      fc.property(text, sent => {
        terminal.write(sent);
        terminal.writeError(sent);
        // oxlint-disable-next-line no-control-regex -- as above
        assert.doesNotMatch(out().replace(/\u001b\[(0|1|3[1-69]|90)m/g, ''), OBEYED);
        assert.doesNotMatch(error(), OBEYED);
      }),
    );
  }
});

test('titles, clipboards, cursor moves, 8-bit controls and texts turned around are shown, colours of ours are kept', () => {
  const { terminal, out } = terminalOf({ isTTY: true });
  terminal.write(
    '\u001b[32mdone\u001b[0m \u001b]0;title\u0007 \u001b]52;c;cm0=\u0007 \u009b2J \u001b[8m \r a\u202efdp.exe\n\tb',
  );
  assert.equal(
    out(),
    String.raw`[32mdone[0m \u001b]0;title\u0007 \u001b]52;c;cm0=\u0007 \u009b2J \u001b[8m \u000d a\u202efdp.exe`
      .replace('[32m', '\u001b[32m')
      .replace('[0m', '\u001b[0m') + '\n\tb',
  );
});

test('the page takes for unseen what a terminal is not shown', () => {
  const patternIn = (path: string) =>
    /\/\[\\u0000.+\/g/.exec(readFileSync(new URL(path, import.meta.url), 'utf8'))?.[0] ?? assert.fail(path);
  assert.equal(patternIn('../web/index.html'), patternIn('../log/visible.ts'));
});

test('JSON means the same after it', () => {
  const { terminal, out } = terminalOf({ isTTY: false });
  fc.assert(
    fc.property(fc.json({ maxDepth: 2 }), json => {
      const value: unknown = JSON.parse(json);
      terminal.write(`${JSON.stringify(value, null, 2)}\n`);
      assert.deepEqual(JSON.parse(out()), value);
    }),
  );
});

test('the content of a file is left as it is for a file or a program, and shown on a terminal', () => {
  const content = Buffer.from('a;\u001b[2J\r\n');
  const piped = terminalOf({ isTTY: false });
  piped.terminal.writeContent(content);
  assert.equal(piped.out(), content.toString());
  const shown = terminalOf({ isTTY: true });
  shown.terminal.writeContent(content);
  assert.equal(shown.out(), 'a;\\u001b[2J\\u000d\n');
});
