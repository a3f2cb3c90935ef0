import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Extract } from '../contract/settings.ts';
import { decided, type Read, readContent, recordsOf } from '../testing/rows.ts';

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

async function read(context: TestContext, content: string | Buffer, extract?: Extract): Promise<Read> {
  return await readContent(context, 'a.xml', content, extract);
}

/** The one record of a row with this content. */
async function record(context: TestContext, content: string): Promise<Record<string, string | null>> {
  const found = await read(context, `<rows>${content}</rows>`, { record_path: ['rows', 'row'] });
  assert.deepEqual([found.error, found.rejects, found.rows.length], ['', [], 1]);
  return recordsOf(found)[0] as Record<string, string | null>;
}

test('attributes and child elements are columns, by their names without prefixes', async context => {
  const row = `<row id="1" k:id="2" ${XSI} xmlns:k="k"><name>Anna</name><k:city xml:lang="fr">Paris</k:city></row>`;
  assert.deepEqual(await record(context, row), {
    id: '1',
    'id.1': '2',
    name: 'Anna',
    city: 'Paris',
    'city@lang': 'fr',
  });
});

test('what is empty or nil is null, what is missing absent', async context => {
  const row = '<row a=""><b/><c></c><d>  \n </d><e xsi:nil="true"/><f xsi:nil="1">x</f></row>';
  assert.deepEqual(await record(context, row), { a: null, b: null, c: null, d: null, e: null, f: null });
});

test('repeated elements are a JSON list, nested ones JSON', async context => {
  const row =
    '<row><tel>1</tel><tel/><tel type="fax">"2"</tel>' +
    '<addr since="2020">Rue <b>X</b><zip>01</zip><zip>02</zip><n xsi:nil="true">x</n></addr></row>';
  assert.deepEqual(await record(context, row), {
    tel: '["1",null,"\\"2\\""]',
    'tel@type': 'fax',
    'addr@since': '2020',
    addr: '{"b":"X","zip":["01","02"],"n":null,"#text":"Rue"}',
  });
});

test('references, CDATA, comments and line ends are what XML says', async context => {
  const row =
    '<row q="&quot;&#x41;"><a>&lt;&amp;&gt;&apos;&#233;&#x1F600;</a><b> x\r\ny\r </b><c>1<!-- <no> -->2<?p i?>' +
    '<![CDATA[<3&amp;]]></c> and <![CDATA[x & y]]></row>';
  assert.deepEqual(await record(context, row), {
    q: '"A',
    a: `<&>'é😀`,
    b: 'x\ny',
    c: '12<3&amp;',
    row: '["and","x & y"]',
  });
});

test('line ends and tabs in attributes are blanks, unless they are references', async context => {
  const row = '<row a="x\ny" b="x\r\ny\tz&#10;&amp;" c=" "><d e="1\n2"><f g="3\t4"/></d></row>';
  assert.deepEqual(await record(context, row), {
    a: 'x y',
    b: 'x y z\n&',
    c: ' ',
    'd@e': '1 2',
    d: '{"f":{"@g":"3 4"}}',
  });
});

test('a list of bare values has their element as its column', async context => {
  const found = await read(context, '<tags>\n<tag>a</tag>\n<tag>b</tag></tags>');
  assert.deepEqual(recordsOf(found), [{ tag: 'a' }, { tag: 'b' }]);
  assert.deepEqual(
    found.rows.map(({ line }) => line),
    [2, 3],
  );
});

test('the record is found out: what comes up again, uppermost, and takes most of the text', async context => {
  const rows = '<row><a>1</a><tel>1</tel><tel>2</tel></row>'.repeat(5);
  for (const [content, path] of [
    [`<export><meta><by>x</by></meta><rows>${rows}</rows></export>`, ['export', 'rows', 'row']],
    [`<e:export xmlns:e="e">${rows.replaceAll('row>', 'e:row>')}</e:export>`, ['export', 'row']],
    [`<export><tag>x</tag><tag>y</tag><rows>${rows}</rows></export>`, ['export', 'rows', 'row']],
    [`<export><page>${rows}</page><page>${rows}</page></export>`, ['export', 'page']],
    ['<person><name>A</name><tel>1</tel><tel>2</tel><tel>3</tel></person>', ['person']],
    ['<export><row><a>1</a><b>2</b></row></export>', ['export', 'row']],
    ['<row><a>1</a></row>', ['row']],
  ] as const)
    assert.deepEqual(decided(await read(context, content), 'record_path'), path, content);
});

test('the record is found however deep elements are nested in it', async context => {
  const deep = '<i>'.repeat(150_000) + '</i>'.repeat(150_000);
  const found = await read(context, `<rows><row><v>1</v></row><row><v>${deep}</v></row></rows>`);
  assert.deepEqual([decided(found, 'record_path'), recordsOf(found)], [['rows', 'row'], [{ v: '1' }]]);
  assert.match(found.rejects[0]?.reason ?? '', /nested more than 1000 deep/);
});

test('where no element is near the beginning, EXTRACT.record_path has to lead to the record', async context => {
  const content = `<!--${' '.repeat(1 << 20)}--><rows><row><v>1</v></row></rows>`;
  const found = await read(context, content);
  assert.deepEqual([found.code, /no element in its first 1048576 bytes/.test(found.error)], [65, true], found.error);
  assert.deepEqual(recordsOf(await read(context, content, { record_path: ['rows', 'row'] })), [{ v: '1' }]);
});

test('EXTRACT.record_path leads to every such element, by names with or without prefixes', async context => {
  const content = '<x><g><r><v>1</v></r></g><o><r><v>no</v></r></o><g><k:r><v>2</v></k:r><s/></g></x>';
  const found = await read(context, content, { record_path: ['x', 'g', 'r'] });
  assert.deepEqual(recordsOf(found), [{ v: '1' }, { v: '2' }]);
  const none = await read(context, content, { record_path: ['x', 'y'] });
  assert.deepEqual([none.code, /x > y leads to no element/.test(none.error)], [65, true], none.error);
});

test('entities of a DTD are not expanded: the record is a reject with its line', async context => {
  const bomb =
    '<!DOCTYPE r [ <!ENTITY a "ha"> <!ENTITY b "&a;&a;&a;"> <!-- ]> --> ]>\n<r>\n<x><v>&b;</v></x>\n<x><v>ok</v></x></r>';
  const found = await read(context, bomb);
  assert.deepEqual(recordsOf(found), [{ v: 'ok' }]);
  assert.deepEqual(found.rejects, [
    { row: 1, line: 3, reason: "&b; is no character: a DTD's entities are not expanded", raw: '<x><v>&b;</v></x>' },
  ]);
  const alone = await read(context, '<r><x v="Bikini & Kili"/>\n<x v="1"/></r>');
  assert.deepEqual(
    [recordsOf(alone), alone.rejects.map(({ reason }) => reason)],
    [[{ v: '1' }], ['a & stands alone; it is written &amp;']],
  );
  const deep = `<r><x><v>${'<i>'.repeat(100_000)}${'</i>'.repeat(100_000)}</v></x><x><v>1</v></x></r>`;
  const nested = await read(context, deep, { record_path: ['r', 'x'] });
  assert.deepEqual([recordsOf(nested), nested.rejects.map(({ row }) => row)], [[{ v: '1' }], [1]]);
});

test('the encoding is the one of the bytes, else the one that the first line declares', async context => {
  const text = (name: string) => `<?xml version="1.0" encoding="${name}"?><r><x><v>é€</v></x><x/></r>`;
  for (const content of [
    Buffer.from(text('UTF-8')),
    Buffer.from(`\ufeff${text('utf-8')}`),
    Buffer.from(`\ufeff${text('UTF-16')}`, 'utf16le'),
    Buffer.from(text('ISO-8859-1').replace('é€', '\xe9\x80'), 'latin1'),
    Buffer.from(text('iso-8859-15').replace('é€', '\xe9\xa4'), 'latin1'),
  ])
    assert.deepEqual(recordsOf(await read(context, content))[0], { v: 'é€' });
});

test('the bytes count where the first line declares what they are not, and the decision tells', async context => {
  const text = (name: string, value = 'é') =>
    `<?xml version='1.0' encoding='${name}'?><r><x><v>${value}</v></x><x/></r>`;
  const late = `${'a'.repeat(1 << 20)}</v></x><x><v>`;
  for (const [content, value, said] of [
    [Buffer.from(text('ISO-8859-1')), 'é', 'iso-8859-1'],
    [Buffer.from(text('windows-1252', 'œ — é')), 'œ — é', 'windows-1252'],
    [Buffer.from(text('windows-1251', 'Привет')), 'Привет', 'windows-1251'],
    [Buffer.from(text('GBK', '中文')), '中文', 'gbk'],
    [Buffer.from(`\ufeff${text('ISO-8859-1')}`), 'é', 'iso-8859-1'],
    [Buffer.from(text('ISO-8859-15', `${late}é`)), 'é', 'iso-8859-15'],
    [Buffer.from(`\ufeff${text('ISO-8859-1')}`, 'utf16le'), 'é', undefined],
    [
      Buffer.from(text('UTF-8', 'été à Paris, où ça ?').replace('UTF-8', 'utf-8'), 'latin1'),
      'été à Paris, où ça ?',
      'utf-8',
    ],
    [Buffer.from(text('no-such-one')), 'é', 'no-such-one'],
  ] as const) {
    const found = await read(context, content, { record_path: ['r', 'x'] });
    const [encoding] = found.decisions.filter(({ name }) => name === 'encoding');
    assert.deepEqual([found.error, recordsOf(found).at(-2)], ['', { v: value }], said);
    const tells = said === undefined ? 'by its byte order mark' : `whatever its first line says (${said})`;
    assert.ok(encoding?.reason.includes(tells) && (said === undefined || encoding.confidence < 1), encoding?.reason);
  }
});

test('what the first line declares counts where the bytes do not speak against it', async context => {
  for (const [name, bytes, value] of [
    ['ISO-8859-1', 'e9', 'é'],
    ['windows-1251', 'cff0e8e2e5f2', 'Привет'],
    ['KOI8-R', 'f0d2c9d7c5d4', 'Привет'],
    ['Shift_JIS', '93fa967b', '日本'],
    // Valid UTF-8 by chance, as all of two bytes may be.
    ['GBK', 'c4a3', '模'],
    ['ISO-8859-1', '61', 'a'],
  ] as const) {
    const [before, after] = [`<?xml version="1.0" encoding="${name}"?><r><x><v>`, '</v></x><x/></r>'];
    const content = Buffer.concat([Buffer.from(before), Buffer.from(bytes, 'hex'), Buffer.from(after)]);
    const found = await read(context, content, { record_path: ['r', 'x'] });
    assert.deepEqual([found.error, recordsOf(found)[0]], ['', { v: value }], name);
    assert.match(found.decisions.find(decision => decision.name === 'encoding')?.reason ?? '', /^as its first line/);
  }
  const escapes = await read(
    context,
    '<?xml version="1.0" encoding="ISO-2022-JP"?><r><x><v>\x1b$BF|K\\\x1b(B</v></x></r>',
  );
  assert.deepEqual([escapes.code, /in iso-2022-jp, which is not read/.test(escapes.error)], [65, true], escapes.error);
});

test('what is no XML fails with its line and column', async context => {
  for (const [content, place] of [
    ['<r>\n<x><v>1</w></x></r>', /<\/w> does not close <v> \(line 2/],
    ['<r>\n<x a=1></x></r>', /value is not in quotes \(line 2, column 4\)/],
    ['<r>\n<x></x>\n</r>\n<r/>', /second element follows the root.* \(line 4, column 1\)/],
    ['<r><x></x></r>\ntext', /text stands outside the root element \(line 2, column 1\)/],
    ['{"a":1}', /text stands outside/],
    ['<r>\n<x><v>1</v></x>\n<x><v>2</v>', /ends in the middle of <r> \(line 3/],
    ['', /is empty/],
  ] as const) {
    const found = await read(context, content);
    assert.equal(found.code, 65, content);
    assert.match(found.error, place);
  }
});

test('a document that is cut off anywhere fails, after the rows that were whole', async context => {
  const whole = `<?xml version="1.0"?><r a="1"><!-- c -->${'<x b="2"><v><![CDATA[1]]></v>&amp;</x>'.repeat(3)}</r>`;
  for (let length = 1; length < whole.length; length++) {
    const found = await read(context, whole.slice(0, length), { record_path: ['r', 'x'] });
    assert.equal(found.code, 65, whole.slice(0, length));
    assert.ok(found.rows.length <= 3);
  }
  assert.equal((await read(context, whole, { record_path: ['r', 'x'] })).rows.length, 3);
});

test('whatever texts are written come back, wherever the windows end', async context => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '<', '&', '"', "'", ']', '>', '😀', ' b', '\n') });
  const forms = [plain, cdata, byNumber];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, text, fc.nat(2)), { minLength: 2, maxLength: 20 }),
      fc.integer({ min: 0, max: 40 }),
      async (rows, shift) => {
        const filler = `<!--${'x'.repeat((1 << 19) - 200 + shift)}-->`;
        const body = rows.map(([a, b, form]) => {
          const write = forms[form] as (value: string) => string;
          return `<row a="${byNumber(a)}"><b>${write(b)}</b></row>`;
        });
        const found = await read(context, `<t>${filler}${body.join('')}</t>`, { record_path: ['t', 'row'] });
        // White space at the ends counts only where it is written as references.
        const expected = rows.map(([a, b, form]) => ({ a: a || null, b: (form === 2 ? b : b.trim()) || null }));
        assert.deepEqual([found.error, recordsOf(found)], ['', expected]);
      },
    ),
    { numRuns: 60 },
  );
});

function plain(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function cdata(value: string): string {
  return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

function byNumber(value: string): string {
  return Array.from(value, character => `&#${character.codePointAt(0)};`).join('');
}

test('a list with nothing in it has no rows; instructions within a DTD are passed over', async context => {
  for (const content of [
    '<rows/>',
    '<?xml version="1.0"?>\n<rows xmlns="urn:a" >\n </rows>\n',
    '<rows></rows><!-- end -->',
  ]) {
    const found = await readContent(context, 'a.xml', content);
    assert.deepEqual([found.error, found.rows, found.rejects], ['', [], []], content);
  }
  assert.equal((await readContent(context, 'a.xml', '<rows count="0"/>')).rows.length, 1);
  assert.equal((await readContent(context, 'a.xml', '<rows></row>')).code, 65);
  const dtd = '<!DOCTYPE r [ <?of "it\'s > ?> <!ATTLIST x a CDATA "d]>"> ]><r><x>1</x><x>2</x></r>';
  assert.equal((await readContent(context, 'a.xml', dtd)).rows.length, 2);
});
