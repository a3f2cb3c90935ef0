import { closest } from '../contract/closest.ts';
import { badDirective, likelyPattern } from './date-directives.ts';
import type { OptionSchema } from './option-schema.ts';
import { STEP_SCHEMAS } from './step-options.ts';

/** Something wrong with TRANSFORM: where (keys and positions from TRANSFORM on), and a whole sentence. */
export interface StepMistake {
  path: string[];
  /** Whether the key itself is meant, or its value. */
  at: 'key' | 'value';
  message: string;
}

export interface CheckOptions {
  /** Why a text is no regular expression (RE2); undefined where it is one. */
  whyBadRegex: (pattern: string) => string | undefined;
  /** A value as it may be shown: secrets must not. */
  show?: (path: readonly string[], value: unknown) => string;
}

/** All that is wrong with the steps. The orchestrator asks beforehand and the ETL when it runs: both say the same. */
export function findStepMistakes(steps: readonly unknown[], options: CheckOptions): StepMistake[] {
  const found: StepMistake[] = [];
  steps.forEach((step, index) => checkStep(step, ['TRANSFORM', String(index)], options, found));
  return found;
}

function checkStep(step: unknown, path: string[], options: CheckOptions, found: StepMistake[]): void {
  if (typeof step === 'string') return checkBare(step, path, found);
  if (!isRecord(step)) {
    found.push({
      path,
      at: 'value',
      message: `${path.join('.')} must be the name of a step, or a map of one name to its options`,
    });
    return;
  }
  const names = Object.keys(step);
  if (names.length !== 1) {
    const message = `a step is one name, here are: ${names.join(', ') || 'none'}; begin each with its own -`;
    found.push({ path, at: 'value', message });
  }
  for (const name of names) checkNamed(name, step[name], [...path, name], options, found);
}

function checkBare(name: string, path: string[], found: StepMistake[]): void {
  const schema = schemaOf(name);
  if (schema === undefined) found.push({ path, at: 'value', message: unknownStep(name) });
  else if (!schema.bare)
    found.push({ path, at: 'value', message: `step ${name} needs options, such as \`${schema.example}\`` });
}

function checkNamed(name: string, value: unknown, path: string[], options: CheckOptions, found: StepMistake[]): void {
  const schema = schemaOf(name);
  if (schema === undefined) {
    found.push({ path, at: 'key', message: unknownStep(name) });
  } else if (schema.options !== undefined) {
    if (schema.bare && value === null) return;
    checkValue(value, schema.options, path, options, found);
  } else if (value !== null && !(isRecord(value) && Object.keys(value).length === 0)) {
    found.push({ path, at: 'value', message: `step ${name} has no options; write \`- ${name}\`` });
  }
}

function schemaOf(name: string) {
  return Object.hasOwn(STEP_SCHEMAS, name) ? STEP_SCHEMAS[name] : undefined;
}

function unknownStep(name: string): string {
  const known = Object.keys(STEP_SCHEMAS);
  const near = closest(name, known);
  return `${name} is not a step of TRANSFORM; ${near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`}`;
}

function checkValue(
  value: unknown,
  schema: OptionSchema,
  path: string[],
  options: CheckOptions,
  found: StepMistake[],
): void {
  const branch = branchFor(value, schema);
  if (branch === undefined) {
    found.push({ path, at: 'value', message: wrongValue(value, schema, path, options) });
  } else if (typeof value === 'string') {
    checkText(value, branch['x-pattern'], path, options, found);
  } else if (Array.isArray(value)) {
    if (value.length < (branch.minItems ?? 0))
      found.push({ path, at: 'value', message: wrongValue(value, schema, path, options) });
    else if (branch.items)
      value.forEach((item, index) =>
        checkValue(item, branch.items as OptionSchema, [...path, String(index)], options, found),
      );
  } else if (isRecord(value)) {
    checkMap(value, branch, path, options, found);
  }
}

/** The part of the schema that the value is of; undefined where it is of none. */
function branchFor(value: unknown, schema: OptionSchema): OptionSchema | undefined {
  if (schema.anyOf) {
    for (const branch of schema.anyOf) {
      const fitting = branchFor(value, branch);
      if (fitting) return fitting;
    }
    return undefined;
  }
  if ('const' in schema) return value === schema.const ? schema : undefined;
  if (schema.enum) return schema.enum.includes(value as string) ? schema : undefined;
  return schema.type === undefined || schema.type === typeOf(value) ? schema : undefined;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function wrongValue(value: unknown, schema: OptionSchema, path: readonly string[], { show }: CheckOptions): string {
  const near = schema.enum && typeof value === 'string' ? closest(value, schema.enum) : undefined;
  const shown = show ? show(path, value) : JSON.stringify(value);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  return `${path.join('.')} must be ${inWords(schema)}; it is ${shown}${meant}`;
}

function inWords(schema: OptionSchema): string {
  if (schema['x-type'] !== undefined) return schema['x-type'];
  if (schema.enum) return `${schema.enum.slice(0, -1).join(', ')} or ${schema.enum.at(-1)}`;
  return schema.type === 'boolean' ? 'true or false' : 'text';
}

function checkMap(
  value: Record<string, unknown>,
  schema: OptionSchema,
  path: string[],
  options: CheckOptions,
  found: StepMistake[],
): void {
  const { properties = {}, additionalProperties, required = [], minProperties = 0 } = schema;
  const isMapOfRegex = path.at(-1) === 'regex';
  for (const name of required) {
    if (value[name] === undefined)
      found.push({ path, at: 'key', message: `${[...path, name].join('.')} is missing; add it` });
  }
  if (Object.keys(value).length < minProperties)
    found.push({ path, at: 'value', message: `${path.join('.')} is empty; it must be ${inWords(schema)}` });
  checkBelonging(value, schema, path, found);
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, key];
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (known === false) found.push({ path: here, at: 'key', message: unknownKey(key, here, Object.keys(properties)) });
    else if (known) checkValue(inner, known, here, options, found);
    if (isMapOfRegex) checkText(key, 'regex', here, options, found, 'key');
  }
}

/** A condition without what it compares would hold for every row. */
function checkBelonging(
  value: Record<string, unknown>,
  { properties = {}, 'x-oneOf': anyOf, 'x-needs': needs = {} }: OptionSchema,
  path: string[],
  found: StepMistake[],
): void {
  const keys = Object.keys(value);
  // One that is not known may be meant as the other.
  if (keys.some(key => !Object.hasOwn(properties, key))) return;
  const lonely = keys.find(key => needs[key] && !needs[key].some(other => keys.includes(other)));
  if (lonely !== undefined) {
    const message = `${[...path, lonely].join('.')} needs ${needs[lonely]?.join(', ')} beside it`;
    found.push({ path: [...path, lonely], at: 'key', message: message.replace(/, (?=\w+ beside)/, ' or ') });
  } else if (anyOf && !anyOf.some(key => keys.includes(key))) {
    found.push({ path, at: 'value', message: `${path.join('.')} needs one of ${anyOf.join(', ')}` });
  }
}

function unknownKey(key: string, path: readonly string[], known: readonly string[]): string {
  const near = closest(key, known);
  return `${path.join('.')} is not a key${near === undefined ? `; known: ${known.join(', ')}` : `; did you mean ${near}?`}`;
}

function checkText(
  text: string,
  pattern: OptionSchema['x-pattern'],
  path: string[],
  options: CheckOptions,
  found: StepMistake[],
  at: 'key' | 'value' = 'value',
): void {
  const reason = pattern && whyBad(text, pattern, options);
  if (reason) found.push({ path, at, message: `${path.join('.')} ${reason}` });
}

function whyBad(
  text: string,
  pattern: NonNullable<OptionSchema['x-pattern']>,
  options: CheckOptions,
): string | undefined {
  switch (pattern) {
    case 'regex': {
      const reason = options.whyBadRegex(text);
      return reason && `is no regular expression (RE2 syntax): ${reason}`;
    }
    case 'date': {
      if (text === 'iso') return undefined;
      if (!text.includes('%')) return `has no directive of strftime such as %d${likelyText(text)}`;
      const directive = badDirective(text);
      return directive && `has ${directive}, which is no directive of strftime`;
    }
    case 'template':
      return /^(\{\{|[^{]|\{[^{}]+\})*$/.test(text)
        ? undefined
        : 'has a { that is not closed; write {COLUMN}, or {{ for the brace itself';
    case 'replacement':
      return undefined;
  }
}

function likelyText(pattern: string): string {
  const likely = likelyPattern(pattern);
  return likely === undefined ? '' : `; did you mean '${likely}'?`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
