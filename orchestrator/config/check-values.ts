import { createRequire } from 'node:module';
import { closest } from '../../default-etl/contract/contract.ts';
import type { Candidate } from './checks.ts';
import { isRecord, pointerOf } from './tree.ts';

// What names must be that others give their meaning to: encodings, images, Elasticsearch's types.

/** Those that people mean mostly; the others are asked for where one of them isn't it, which takes 15 ms. */
const ENCODINGS = [
  'utf-8',
  'utf8',
  'utf-8-sig',
  'utf-16',
  'utf-16le',
  'utf-16be',
  'ascii',
  'us-ascii',
  'latin1',
  'iso-8859-1',
  'iso-8859-15',
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'cp1252',
  'cp850',
  'cp437',
  'macroman',
  'shift_jis',
  'gb18030',
  'big5',
  'euc-kr',
];

/**
 * Why text can't be read in an encoding of this name; undefined where it can. As the default ETL decides it
 * (default-etl/extract/text-encoding.ts).
 */
export function whyBadEncoding(name: string): string | undefined {
  if (ENCODINGS.includes(name.toLowerCase()) || iconv().encodingExists(name)) return undefined;
  const near = closest(name, ENCODINGS);
  return near === undefined ? 'name it as iconv does, such as windows-1252 or utf-8' : `did you mean ${near}?`;
}

function iconv(): { encodingExists(name: string): boolean } {
  return createRequire(import.meta.url)('iconv-lite') as { encodingExists(name: string): boolean };
}

// https://github.com/distribution/reference/blob/main/reference.go
const HOST =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^(?:${HOST}/)?${PART}(?:/${PART})*(?::[\\w][\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;
const LONGEST_IMAGE = 500;

/** Why no image can have this name; undefined where one can. */
export function whyBadImage(name: string): string | undefined {
  if (name.length <= LONGEST_IMAGE && (REFERENCE.test(name) || IMAGE_ID.test(name))) return undefined;
  if (/\s/.test(name)) return 'it holds a blank';
  if (name.includes('://')) return 'it is an address; leave out what is before the name of the host, and the //';
  const lower = name.toLowerCase();
  if (lower !== name && REFERENCE.test(lower)) return `it has capital letters; did you mean ${lower}?`;
  return 'write [host[:port]/]name[:tag], such as registry.example.org/etl/sales:1.2, in small letters';
}

// https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/field-data-types, of 9.x, and those of plugins
// that Elastic ships.
const TYPES = new Set(
  `aggregate_metric_double alias annotated_text binary boolean byte completion constant_keyword counted_keyword date date_nanos date_range dense_vector double
   double_range exponential_histogram flattened float float_range geo_point geo_shape half_float histogram icu_collation_keyword integer integer_range ip ip_range join keyword long
   long_range match_only_text murmur3 nested object pass_through passthrough pattern_text percolator point rank_feature rank_features rank_vectors scaled_float search_as_you_type semantic_text shape
   short sparse_vector text token_count unsigned_long version wildcard`.split(/\s+/),
);

/** What of a field's mapping has a type that isn't known: the pointers, and the type that was perhaps meant. */
function unknownTypes(
  mapping: unknown,
  path: readonly string[],
): Array<[pointer: string, type: string, near: string | undefined]> {
  if (!isRecord(mapping)) return [];
  const { type } = mapping;
  const isUnknown = typeof type === 'string' && !TYPES.has(type);
  const own: ReturnType<typeof unknownTypes> = isUnknown
    ? [[pointerOf([...path, 'type']), type, closest(type, TYPES)]]
    : [];
  const below = (['properties', 'fields'] as const).flatMap(kind => {
    const fields = mapping[kind];
    if (!isRecord(fields)) return [];
    return Object.entries(fields).flatMap(([name, field]) => unknownTypes(field, [...path, kind, name]));
  });
  return [...own, ...below];
}

// https://www.elastic.co/docs/manage-data/data-store/mapping: what stands beside properties.
const OF_ALL = new Set(
  `properties dynamic dynamic_templates dynamic_date_formats date_detection numeric_detection runtime subobjects _source _routing _meta _field_names _data_stream_timestamp
   _size _index _id _ignored _doc_count _tier _seq_no _nested_path enabled`.split(/\s+/),
);

/**
 * The columns' mappings, and where they stand: under `properties`, as Elasticsearch has them, or in LOAD.mappings
 * itself (default-etl/contract/settings.ts).
 */
function fieldsOf(mappings: unknown): { fields: Record<string, unknown>; path: string[]; beside: string[] } {
  const path = ['LOAD', 'mappings'];
  if (!isRecord(mappings)) return { fields: {}, path, beside: [] };
  const { properties } = mappings;
  if (!isRecord(properties) || typeof properties['type'] === 'string') return { fields: mappings, path, beside: [] };
  const beside = Object.keys(mappings).filter(name => !OF_ALL.has(name) && isRecord(mappings[name]));
  return { fields: properties, path: [...path, 'properties'], beside };
}

type Code = 'bad-encoding' | 'bad-image-name' | 'misplaced-mapping' | 'unknown-mapping-type';
/** Each of these messages has the value, and what is said of it. */
type Report = (code: Code, pointer: string, ...values: [value: string, what: string]) => void;

/** What of these is wrong in a dataset. */
export function checkValues({ settings: { EXTRACT, DOCKER_IMAGE, LOAD } }: Candidate, report: Report): void {
  const encoding = EXTRACT?.encoding ?? 'utf-8';
  const badEncoding = whyBadEncoding(encoding);
  if (badEncoding !== undefined) report('bad-encoding', '/EXTRACT/encoding', encoding, badEncoding);
  const badImage = DOCKER_IMAGE === undefined ? undefined : whyBadImage(DOCKER_IMAGE);
  if (badImage !== undefined) report('bad-image-name', '/DOCKER_IMAGE', DOCKER_IMAGE ?? '', badImage);
  const { fields, path, beside } = fieldsOf(LOAD?.mappings);
  for (const name of beside)
    report('misplaced-mapping', pointerOf(['LOAD', 'mappings', name]), name, 'LOAD.mappings.properties');
  for (const [pointer, type, near] of Object.entries(fields).flatMap(([name, field]) =>
    unknownTypes(field, [...path, name]),
  ))
    report('unknown-mapping-type', pointer, type, near === undefined ? '' : `; did you mean ${near}?`);
}
