import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Batch } from '../../batch/batch.ts';
import {
  addresses,
  anyOf,
  booleans,
  dates,
  jsonNumbers,
  numbers,
  places,
  type Values,
  words,
} from '../../testing/field-values.ts';
import { TestIndex } from '../../testing/load.ts';
import { ZERO_DATE, dateKind } from '../../types/date-cell.ts';
import { isMissing } from '../../types/text-cell.ts';
import { widened } from './date-formats.ts';
import type { FieldMapping } from './inferred-mapping.ts';
import { LeftOut } from './left-out.ts';

/** Each has a value of each field. */
const DOCUMENTS = 400;

interface Field {
  mapping: FieldMapping;
  /** As they stand in the document: in quotes, or JSON numbers. */
  values: string[];
  isLiteral: boolean;
}

const DATE_FORMATS = [
  'strict_date_optional_time||epoch_second',
  'strict_date_optional_time_nanos',
  'strict_date',
  'epoch_millis',
  'epoch_second',
  'dd/MM/yyyy||MM/dd/yyyy',
  'yyyyMMdd||epoch_millis',
  'uuuu-MM-dd||uuuuMMdd',
  'MM/yyyy',
  'yyyyMM',
  'yyyy-MM-dd HH:mm:ss.SSS',
  "dd.MM.yyyy['T'HH:mm]",
  "yyyy-MM-dd'T'HH:mmX",
  "yyyy-MM-dd'T'HH:mm:ssXX",
  'd-M-uuuu',
  'd/MM/yyyy',
  'HH:mm',
  'yyyy年MM月dd日',
  ...[['dd/MM/yyyy'], ['yyyy-MM-dd HH:mm:ss'], ['strict_date_optional_time']].map(seen => widened(seen).join('||')),
];

function fieldsOf(seed: number): Field[] {
  const sample = (arbitrary: fc.Arbitrary<string>, at: number) =>
    fc.sample(arbitrary, { numRuns: DOCUMENTS, seed: seed + at });
  const withText = (mapping: FieldMapping, values: Values) => {
    const made = (at: number) => [...values.edges, ...sample(anyOf(values), at)].slice(0, DOCUMENTS);
    return (at: number): Field => ({
      mapping: { ignore_malformed: true, ...mapping },
      values: made(at),
      isLiteral: false,
    });
  };
  const withJson = (mapping: FieldMapping) => (at: number) => ({
    mapping: { ignore_malformed: true, ...mapping },
    values: sample(jsonNumbers, at),
    isLiteral: true,
  });
  const numberTypes = ['byte', 'short', 'integer', 'long', 'half_float', 'float', 'double'];
  const mappings = numberTypes.flatMap(type => [{ type }, { type, coerce: false }]);
  const dateMappings = [undefined, ...DATE_FORMATS].flatMap(format =>
    ['date', 'date_nanos'].map(type => (format === undefined ? { type } : { type, format })),
  );
  const keyword = { type: 'keyword', ignore_above: 4, ignore_malformed: undefined };
  const made = [
    ...mappings.map(mapping => withText(mapping, numbers)),
    ...mappings.map(withJson),
    ...dateMappings.map(mapping => withText(mapping, dates)),
    ...[
      { type: 'date' },
      { type: 'date_nanos' },
      { type: 'boolean' },
      { type: 'ip' },
      { type: 'geo_point' },
      keyword,
    ].map(withJson),
    withText({ type: 'boolean' }, booleans),
    withText({ type: 'boolean', index: false, doc_values: false }, booleans),
    withText({ type: 'ip' }, addresses),
    withText({ type: 'geo_point' }, places),
    withText({ type: 'geo_point', ignore_z_value: false }, places),
    withText(keyword, words),
    withText({ ...keyword, index: false, doc_values: false }, words),
  ];
  return made.map((field, at) => field(at));
}

test('each value that Elasticsearch leaves out of a field is counted, and no other, whatever the type, its options and the value', async context => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  context.diagnostic(`SEED=${seed} makes the same values again`);
  const index = new TestIndex(context, process.env['ELASTICSEARCH_NODE']);
  const fields = fieldsOf(seed);
  const ignored = await indexed(index, fields);
  const differences: string[] = [];
  for (const [at, { mapping, values, isLiteral }] of fields.entries()) {
    const leftOut = countsOf(mapping, values, isLiteral);
    for (const [row, value] of values.entries()) {
      const isLeftOut = ignored[row]?.has(`f${at}`) === true && !saysNothing(value);
      if (leftOut[row] === isLeftOut) continue;
      differences.push(
        `${JSON.stringify(mapping)} ${isLeftOut ? 'leaves out' : 'takes'} ${isLiteral ? value : JSON.stringify(value)}`,
      );
    }
  }
  assert.deepEqual(differences, [], `SEED=${seed}`);
});

/** By document the fields that Elasticsearch says it left out. */
async function indexed(index: TestIndex, fields: readonly Field[]): Promise<Array<Set<string>>> {
  const properties = Object.fromEntries(fields.map(({ mapping }, at) => [`f${at}`, mapping]));
  await index.call('PUT', `/${index.name}`, { mappings: { properties } });
  const lines = Array.from({ length: DOCUMENTS }, (_, row) => {
    const members = fields.map(({ values, isLiteral }, at) => {
      const value = values[row] as string;
      return `"f${at}":${isLiteral ? value : JSON.stringify(value)}`;
    });
    return `{"index":{"_id":"${row}"}}\n{${members.join(',')}}\n`;
  });
  const response = await fetch(`${index.node}/${index.name}/_bulk?refresh=true&filter_path=errors,items.*.error`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join(''),
  });
  const answer = (await response.json()) as { errors: boolean };
  assert.equal(answer.errors, false, JSON.stringify(answer).slice(0, 1000));
  const found = await index.call('POST', `/${index.name}/_search`, { size: DOCUMENTS, _source: false });
  const { hits } = found as { hits: { hits: Array<{ _id: string; _ignored?: string[] }> } };
  const byRow = new Map(hits.hits.map(hit => [Number(hit._id), new Set(hit._ignored)]));
  assert.equal(byRow.size, DOCUMENTS);
  return Array.from({ length: DOCUMENTS }, (_, row) => byRow.get(row) as Set<string>);
}

/** Of each value whether it was counted. That all at once are as many is asserted. */
function countsOf(mapping: FieldMapping, values: readonly string[], isLiteral: boolean): boolean[] {
  const header = ['F'];
  const leftOut = new LeftOut();
  leftOut.expect(() => mapping);
  let before = 0;
  const each = values.map(value => {
    leftOut.see(batchOf(header, [value], isLiteral), header);
    const isCounted = leftOut.total > before;
    before = leftOut.total;
    return isCounted;
  });
  const all = new LeftOut();
  all.expect(() => mapping);
  all.see(batchOf(header, values, isLiteral), header);
  assert.equal(all.total, before);
  return each;
}

/** Of one column. */
function batchOf(header: readonly string[], values: readonly string[], isLiteral: boolean): Batch {
  const cells = values.map(value => Buffer.from(value));
  const ends = Int32Array.from(
    cells,
    (
      sum => cell =>
        (sum += cell.length)
    )(0),
  );
  const starts = Int32Array.from(cells, (cell, at) => (ends[at] as number) - cell.length);
  return {
    bytes: Buffer.concat(cells),
    header,
    literals: [isLiteral],
    rows: cells.length,
    width: 1,
    starts,
    ends,
    numbers: Float64Array.from(cells, (_, at) => at + 1),
    lines: new Int32Array(cells.length),
    rawStarts: starts,
    rawEnds: ends,
    rejects: [],
  };
}

/** Words for no value are left out, too, and are not counted. */
function saysNothing(value: string): boolean {
  const bytes = Buffer.from(value);
  return value === '' || isMissing(bytes, 0, bytes.length) || dateKind(bytes, 0, bytes.length) === ZERO_DATE;
}
