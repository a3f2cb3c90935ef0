/** The parts of a JSON Schema that are read here. */
export interface SchemaNode {
  type?: string;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly SchemaNode[];
  properties?: Readonly<Record<string, SchemaNode>>;
  patternProperties?: Readonly<Record<string, SchemaNode>>;
  items?: SchemaNode;
  minimum?: number;
  exclusiveMinimum?: number;
  default?: unknown;
  description?: string;
  examples?: readonly unknown[];
  'x-type'?: string;
  'x-default'?: string;
}

/** The keys that have a default, with it. */
export function defaultsOf(properties: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties as Record<string, SchemaNode>).flatMap(([key, node]) =>
      'default' in node ? [[key, node.default]] : [],
    ),
  );
}

/** What a value must be, in words that go on from "must be": `true or false`, `a whole number, 0 or more`. */
export function describeType(schema: SchemaNode): string {
  if (schema['x-type'] !== undefined) return schema['x-type'];
  if (schema.enum !== undefined) return listed(schema.enum.map(String));
  switch (schema.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number${bounds(schema)}`;
    case 'number':
      return `a number${bounds(schema)}`;
    case 'array':
      return 'a list of text';
    case 'object':
      return 'a map of keys and values';
    default:
      return 'text';
  }
}

function bounds({ minimum, exclusiveMinimum }: SchemaNode): string {
  if (minimum !== undefined) return `, ${minimum} or more`;
  return exclusiveMinimum === undefined ? '' : `, more than ${exclusiveMinimum}`;
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** The schemas that a value at this path must meet one of; empty where anything goes, or nothing is allowed. */
export function schemasAt(schema: SchemaNode, path: readonly string[]): SchemaNode[] {
  const [key, ...rest] = path;
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap(branch => schemasAt(branch, path));
  if (key === undefined) return [schema];
  const child = schema.properties?.[key] ?? Object.values(schema.patternProperties ?? {})[0] ?? schema.items;
  return child === undefined ? [] : schemasAt(child, rest);
}
