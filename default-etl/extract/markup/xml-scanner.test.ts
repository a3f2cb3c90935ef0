import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { streamOf } from '../../testing/workbook.ts';
import { END, NEEDS_MORE, START, TEXT, XmlScanner } from './xml-scanner.ts';

const NAMES = ['a', 'b', 'row'];

/** Events as text; neighbouring texts are one. */
async function eventsOf(xml: string, pieceBytes: number): Promise<string[]> {
  const scanner = new XmlScanner(streamOf(Buffer.from(xml), pieceBytes), 'in.xml', {
    names: NAMES,
    isPrefixFree: true,
  });
  const events: string[] = [];
  let text = '';
  for (;;) {
    const token = scanner.scan();
    if (token === NEEDS_MORE) {
      if (!(await scanner.fill())) return events;
    } else if (token === TEXT) text += scanner.depth === 0 ? '' : scanner.text();
    else {
      if (text !== '') events.push(`= ${text}`);
      text = '';
      const value = token === START ? (scanner.attribute('r') ?? '') : '';
      events.push(`${token === END ? '-' : '+'} ${NAMES[scanner.name] ?? 'other'} ${value}`);
    }
  }
}

interface Element {
  name: string;
  attribute: string;
  content: Array<Element | string>;
}

const text = fc.string({
  unit: fc.constantFrom('x', 'é', '€', ' ', '&', '<', '>', '"', "'", '☃'),
  minLength: 1,
  maxLength: 6,
});

const element = fc.letrec<{ element: Element }>(tie => ({
  element: fc.record({
    name: fc.constantFrom(...NAMES, 'c', 'rows'),
    attribute: text,
    content: fc.array(fc.oneof({ depthSize: 'small' }, text, tie('element')), { maxLength: 4 }),
  }),
})).element;

function escape(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&#34;').replaceAll("'", '&apos;');
}

function xmlOf({ name, attribute, content }: Element): string {
  const inner = content.map(part => (typeof part === 'string' ? `${escape(part)}<!-- <a> -->` : xmlOf(part))).join('');
  const tag = `${name} s='1'\n r="${escape(attribute)}"`;
  return inner === '' ? `<${tag} />` : `<${tag}>${inner}</${name} >`;
}

function* expected({ name, attribute, content }: Element): Generator<string> {
  const known = NAMES.includes(name) ? name : 'other';
  yield `+ ${known} ${attribute}`;
  for (const part of content) {
    if (typeof part === 'string') yield `= ${part}`;
    else yield* expected(part);
  }
  yield `- ${known} `;
}

function joined(events: Iterable<string>): string[] {
  const list: string[] = [];
  for (const event of events) {
    if (event.startsWith('= ') && list.at(-1)?.startsWith('= ')) list.push(`${list.pop()}${event.slice(2)}`);
    else list.push(event);
  }
  return list;
}

test('elements, attributes and text are those of the document, wherever its pieces end', async () => {
  await fc.assert(
    fc.asyncProperty(element, fc.integer({ min: 1, max: 40 }), async (root, pieceBytes) => {
      const xml = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "]">]>\n${xmlOf(root)}\n`;
      assert.deepEqual(await eventsOf(xml, pieceBytes), joined(expected(root)));
    }),
    { numRuns: 500 },
  );
});

test('a tag or text of any length is read, and XML that ends early is damaged', async () => {
  const long = 'x'.repeat(1_000_000);
  assert.deepEqual(await eventsOf(`<a r="${long}">${long}</a>`, 1 << 16), [`+ a ${long}`, `= ${long}`, '- a ']);
  for (const xml of [
    '',
    '<a>',
    '<a><b></a>',
    '<a',
    '<a r=1/>',
    '<a>&nope;</a>',
    '<a>&#x110000;</a>',
    '<a>&#xD83D;</a>',
    '<a>&#0;</a>',
  ])
    await assert.rejects(eventsOf(xml, 5), /^EtlFailure: in\.xml is damaged/, xml);
});
