import { type OptionSchema, STEP_SCHEMAS } from '../../default-etl/contract/contract.ts';

/** A step with options, as a map of its name to them. */
function namedStep(name: string, { options = {}, description }: { options?: OptionSchema; description: string }) {
  return {
    type: 'object',
    properties: { [name]: { ...cut(options), description } },
    required: [name],
    additionalProperties: false,
  };
}

/** A condition may hold conditions: down to this depth they are written out. */
const DEEPEST = 1;

/** The same without an end to meet itself in. */
function cut(schema: OptionSchema, above: readonly unknown[] = []): OptionSchema {
  const { properties, items, anyOf } = schema;
  if (properties && above.filter(one => one === properties).length > DEEPEST)
    return { type: 'object', 'x-type': schema['x-type'] ?? 'a map' };
  const deeper = [...above, properties];
  const copy: OptionSchema = { ...schema };
  if (properties)
    copy.properties = Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, cut(inner, deeper)]));
  if (items) copy.items = cut(items, deeper);
  if (anyOf) copy.anyOf = anyOf.map(branch => cut(branch, deeper));
  return copy;
}

const steps = Object.entries(STEP_SCHEMAS);

/**
 * The schema of TRANSFORM, made of what the default ETL says of its steps: for editors, for the docs, and to know which
 * values are text. Mistakes are found by the ETL's own check.
 */
export const transformSchema = {
  type: 'array',
  items: {
    anyOf: [
      { type: 'string', enum: steps.filter(([, { bare }]) => bare).map(([name]) => name) },
      ...steps.filter(([, { options }]) => options).map(([name, step]) => namedStep(name, step)),
    ],
    'x-type': 'the name of a step, or a map of one name to its options',
  },
  'x-type': 'a list of steps',
  default: ['minimal'],
  description:
    'Steps the rows go through, in order; each is explained below. `minimal` is what the original did by itself: headers are trimmed and upper-cased, exactly empty cells become null.',
};
