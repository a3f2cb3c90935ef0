import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { closest, findStepMistakes } from '../../default-etl/contract/contract.ts';
import { MOST_MISTAKES, MOST_STEPS } from './bounds.ts';
import { describeType, type SchemaNode, schemasAt } from './describe.ts';
import { ENVIRONMENT_NAMES } from './environment.ts';
import { compose, type MessageCode } from './messages.ts';
import { settingsSchema } from './schema.ts';
import { whyBadRegex } from './regex.ts';
import { isRecord, type Kind, pathOf, pointerOf } from './tree.ts';

/** Something wrong with the value, or the key, at a JSON Pointer. */
export interface Finding {
  code: MessageCode;
  message: string;
  pointer: string;
  at: 'key' | 'value';
}

/** What a value is shown as in a message: never a secret. */
export type Show = (pointer: string, value: unknown) => string;

const root = settingsSchema as SchemaNode;
// Our schemas are held against their own schema by a test, not at each start, and what is compiled is used once or
// twice, so that it isn't worth optimizing: 40 ms instead of 80 (Node 24.21).
const COMPILED_ONCE = { meta: false, validateSchema: false, code: { optimize: false } };
const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true, ...COMPILED_ONCE });
ajv.addVocabulary(['x-type', 'x-default']);
// ON_CHANGE, LOAD and the like get their defaults later, and WATCH_DIR has a message of its own. The steps of TRANSFORM
// are judged by the default ETL's own check: of a choice between seventeen steps ajv tells what is wrong with each.
const { TRANSFORM: _, ...otherKeys } = settingsSchema.properties;
const ANY_STEPS = { type: 'array', 'x-type': 'a list of steps' };
const isValid = ajv.compile({ ...settingsSchema, properties: { ...otherKeys, TRANSFORM: ANY_STEPS }, required: [] });

/** Tells what is wrong with a value by a schema of ours. */
export function compileSchema(schema: object): ValidateFunction {
  return ajv.compile(schema);
}

/** What the keys of the original, and of its shell scripts, are called today. */
const ORIGINAL_KEYS: Record<string, string> = {
  TO_REMOVE: 'did you mean REMOVE_FILE?',
  BACKUP: 'did you mean BACKUP_FILE?',
  DATA_VOLUME: 'take it out: WATCH_DIR is mounted at /data by itself',
  PATH_TO_DATA: 'take it out: WATCH_DIR is mounted at /data by itself',
  KIBANA_INFO: 'take it out: the log goes to Elasticsearch by itself where ELASTICSEARCH_NODE is set',
  ELASTICSEARCH_HOST: 'set ELASTICSEARCH_NODE in .env, such as http://localhost:9200',
  ELASTICSEARCH_PORT: 'it is part of ELASTICSEARCH_NODE in .env, such as http://localhost:9200',
  ELASTICSEARCH_SCHEME: 'it is part of ELASTICSEARCH_NODE in .env, such as https://localhost:9200',
  ELASTICSEARCH_USER: 'set ELASTICSEARCH_USERNAME in .env',
};

/** Whatever breaks the schema, one finding a place. */
export function findSchemaErrors(value: Record<string, unknown>, show: Show): Finding[] {
  return [...findKeyErrors(value, isValid, unknownKey, show), ...findStepErrors(value['TRANSFORM'], show)];
}

function findStepErrors(steps: unknown, show: Show): Finding[] {
  if (!Array.isArray(steps)) return [];
  if (steps.length > MOST_STEPS) return [tooManySteps()];
  const mistakes = findStepMistakes(steps, { whyBadRegex, show: (path, value) => show(pointerOf(path), value) });
  return mistakes.map(({ path, at, message }) => ({
    code: 'bad-step',
    message: compose('bad-step', message),
    pointer: pointerOf(path),
    at,
  }));
}

function tooManySteps(): Finding {
  return { code: 'too-many-steps', message: compose('too-many-steps', MOST_STEPS), pointer: '/TRANSFORM', at: 'value' };
}

/** What breaks a compiled schema, one finding a place; `tellUnknown` makes the finding of a key that is none. */
export function findKeyErrors(
  value: Record<string, unknown>,
  meets: ValidateFunction,
  tellUnknown: (parent: string, key: string) => Finding,
  show: Show,
): Finding[] {
  if (meets(value)) return [];
  const errors = meets.errors ?? [];
  const places = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const here = places.get(error.instancePath);
    if (here === undefined) places.set(error.instancePath, [error]);
    else here.push(error);
  }
  return [...places].slice(0, MOST_LOOKED_AT).flatMap(([pointer, here]) => {
    const unknownKeys = here.filter(error => error.keyword === 'additionalProperties').slice(0, MOST_LOOKED_AT);
    if (unknownKeys.length > 0) return unknownKeys.map(error => tellUnknown(pointer, nameIn(error)));
    // A union fails along with the branch that was meant: that branch's own error says more.
    const isUnionOfMore = errors.some(error => isBelow(error, pointer));
    return isUnionOfMore ? [] : [wrongValue(pointer, here, show)];
  });
}

/** Of each a suggestion is looked for; more are not told anyway. */
const MOST_LOOKED_AT = 2 * MOST_MISTAKES;

function isBelow(error: ErrorObject, pointer: string): boolean {
  return error.instancePath.startsWith(`${pointer}/`);
}

function nameIn(error: ErrorObject): string {
  return String((error.params as { additionalProperty: string }).additionalProperty);
}

function wrongValue(pointer: string, errors: ErrorObject[], show: Show): Finding {
  const error = errors.find(({ keyword }) => keyword === 'anyOf') ?? errors[0]!;
  const schema = error.parentSchema as SchemaNode;
  const shown = show(pointer, error.data);
  const suggestion = suggestValue(schema, error.data);
  return {
    code: 'wrong-value',
    message: compose('wrong-value', pathOf(pointer).join('.'), describeType(schema), shown, suggestion),
    pointer,
    at: 'value',
  };
}

/** Words that other formats, and YAML 1.1, take for true and false. */
const BOOLEANS: Record<string, string> = { yes: 'true', on: 'true', y: 'true', no: 'false', off: 'false', n: 'false' };

function suggestValue(schema: SchemaNode, value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (schema.enum !== undefined) return closest(value, schema.enum.map(String));
  const word = value.toLowerCase();
  if (schema.type === 'boolean') return BOOLEANS[word] ?? closest(word, ['true', 'false']);
  return undefined;
}

/** A finding about a key. */
export function atKey(code: MessageCode, message: string, path: readonly string[]): Finding {
  return { code, message, pointer: pointerOf(path), at: 'key' };
}

/** The keys that a schema knows at a path. */
export function siblingsAt(schema: SchemaNode, path: readonly string[]): string[] {
  return schemasAt(schema, path).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

function unknownKey(parent: string, key: string): Finding {
  const path = pathOf(parent);
  const finding = (code: MessageCode, message: string) => atKey(code, message, [...path, key]);
  const siblings = siblingsAt(root, path);
  const shown = [...path, key].join('.');
  const upper = key.toUpperCase();
  const advice = path.length === 0 && Object.hasOwn(ORIGINAL_KEYS, upper) ? ORIGINAL_KEYS[upper] : undefined;
  if (advice !== undefined) return finding('original-key', compose('original-key', key, advice));
  const near = closest(key, siblings);
  if (near !== undefined) return finding('unknown-key', compose('unknown-key', shown, near));
  const place = placeOf(key);
  if (place !== undefined) return finding('misplaced-key', compose('misplaced-key', shown, place));
  if (ENVIRONMENT_NAMES.includes(upper)) return finding('environment-key', compose('environment-key', key));
  return finding('unknown-key', compose('unknown-key', shown, undefined));
}

/** The key under which one of this very name belongs, or "the file itself, without indentation". */
function placeOf(key: string): string | undefined {
  if (Object.hasOwn(root.properties ?? {}, key)) return 'the file itself, without indentation';
  return Object.entries(root.properties ?? {}).find(([, schema]) =>
    schemasAt(schema, []).some(({ properties }) => Object.hasOwn(properties ?? {}, key.toLowerCase())),
  )?.[0];
}

/** Kinds of scalars that the schema allows at a path; undefined where it allows any. */
export function kindsAt(path: readonly string[]): ReadonlySet<Kind> | undefined {
  const kinds = schemasAt(root, path).flatMap(kindsOf);
  return kinds.length === 0 ? undefined : new Set(kinds);
}

function kindsOf(schema: SchemaNode): Kind[] {
  const values = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
  if (values !== undefined) return values.map(value => typeof value as Kind);
  if (schema.type === 'integer') return ['number'];
  return schema.type === 'string' || schema.type === 'number' || schema.type === 'boolean' || schema.type === 'null'
    ? [schema.type]
    : [];
}

/** A copy without what a null, or a finding, says to leave out; a null where the schema knows no null means "not set". */
export function withoutUnset(value: Record<string, unknown>, path: readonly string[] = []): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => {
      const here = [...path, key];
      if (child === null && isUnset(here)) return [];
      return [[key, isRecord(child) ? withoutUnset(child, here) : child]];
    }),
  );
}

function isUnset(path: readonly string[]): boolean {
  const schemas = schemasAt(root, path);
  return schemas.some(schema => schema.type !== undefined || schema.enum !== undefined) && !kindsAt(path)?.has('null');
}

/** A copy without the values at these pointers. */
export function withoutPointers(value: unknown, pointers: ReadonlySet<string>, path: readonly string[] = []): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => [String(index), item] as const)
      .filter(([index]) => !pointers.has(pointerOf([...path, index])))
      .map(([index, item]) => withoutPointers(item, pointers, [...path, index]));
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !pointers.has(pointerOf([...path, key])))
      .map(([key, child]) => [key, withoutPointers(child, pointers, [...path, key])]),
  );
}
