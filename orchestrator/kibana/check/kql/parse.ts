// The language of Kibana's filters, after the grammar of @kbn/es-query (grammar.peggy in elastic/kibana). As there, an
// alternative is tried at a position and given up for the next one.

export interface KqlValue {
  /** Asterisks in it are wildcards where `wildcard` is set. */
  value: string | boolean | null;
  quoted: boolean;
  wildcard: boolean;
}

export type KqlNode =
  | { kind: 'all' }
  | { kind: 'and' | 'or'; nodes: KqlNode[] }
  | { kind: 'not'; node: KqlNode }
  /** Without a field it is looked for in all of them. */
  | { kind: 'is'; field: KqlValue | null; value: KqlValue }
  | { kind: 'range'; field: KqlValue; operator: 'gt' | 'gte' | 'lt' | 'lte'; value: KqlValue }
  | { kind: 'nested'; path: string; node: KqlNode };

export class KqlError extends Error {}

/** The most characters of a filter, and how deep its parentheses may be. */
const MAX_LENGTH = 10_000;
const MAX_DEPTH = 50;

/** Throws a KqlError that says where it can't be understood. */
export function parseKql(text: string): KqlNode {
  if (text.length > MAX_LENGTH) throw new KqlError(`it has more than ${MAX_LENGTH} characters`);
  const parser: Parser = { text, furthest: 0, depth: 0 };
  const start = skipSpace(parser, 0);
  const query = orQuery(parser, start);
  const end = skipSpace(parser, query?.end ?? start);
  if (end === text.length) return query?.node ?? { kind: 'all' };
  const at = Math.max(parser.furthest, end);
  throw new KqlError(
    at >= text.length ? 'something is missing at its end' : `it can't go on with \`${text.slice(at, at + 20)}\``,
  );
}

interface Parser {
  text: string;
  /** How far any alternative came: there is the mistake. */
  furthest: number;
  depth: number;
}

interface Parsed<Node> {
  node: Node;
  end: number;
}

/** A condition on a field that is to be named yet. */
type Partial = (field: KqlValue | null) => KqlNode;

const SPACE = /[ \t\r\n\u00A0]/;
const SPECIAL = /[\\():<>"*{}]/;

function skipSpace({ text }: Parser, from: number): number {
  let at = from;
  while (SPACE.test(text.charAt(at))) at++;
  return at;
}

function token(parser: Parser, expected: string, at: number): number | null {
  parser.furthest = Math.max(parser.furthest, at);
  return parser.text.startsWith(expected, at) ? at + expected.length : null;
}

/** `or` and `and` stand between spaces, `not` before them. Gives the end. */
function keyword(parser: Parser, word: 'or' | 'and' | 'not', from: number): number | null {
  const at = word === 'not' ? from : skipSpace(parser, from);
  if (word !== 'not' && at === from) return null;
  if (parser.text.slice(at, at + word.length).toLowerCase() !== word) return null;
  const end = skipSpace(parser, at + word.length);
  return end === at + word.length ? null : end;
}

function anyKeyword(parser: Parser, at: number): boolean {
  // Within spaces it was looked for at the first of them: without this a run of spaces takes the square of its length.
  if (SPACE.test(parser.text.charAt(at)) && SPACE.test(parser.text.charAt(at - 1))) return false;
  return (['or', 'and', 'not'] as const).some(word => keyword(parser, word, at) !== null);
}

type Rule<Node> = (parser: Parser, at: number) => Parsed<Node> | null;

/** `rule`, and as many more of it as the word joins. */
function joined<Node>(rule: Rule<Node>, word: 'or' | 'and', join: (nodes: Node[]) => Node): Rule<Node> {
  return (parser, at) => {
    const first = rule(parser, at);
    if (first === null) return null;
    const nodes = [first.node];
    let end = first.end;
    for (;;) {
      const next = keyword(parser, word, end);
      const more = next === null ? null : rule(parser, next);
      if (more === null) break;
      nodes.push(more.node);
      end = more.end;
    }
    return { node: nodes.length === 1 ? first.node : join(nodes), end };
  };
}

const andQuery: Rule<KqlNode> = joined(notQuery, 'and', nodes => ({ kind: 'and', nodes }));
const orQuery: Rule<KqlNode> = joined(andQuery, 'or', nodes => ({ kind: 'or', nodes }));

function notQuery(parser: Parser, at: number): Parsed<KqlNode> | null {
  const after = keyword(parser, 'not', at);
  if (after === null) return subQuery(parser, at);
  const query = subQuery(parser, after);
  return query && { node: { kind: 'not', node: query.node }, end: query.end };
}

function subQuery(parser: Parser, at: number): Parsed<KqlNode> | null {
  return enclosed(parser, at, '(', ')', orQuery) ?? nestedQuery(parser, at) ?? expression(parser, at);
}

function enclosed<Node>(parser: Parser, at: number, open: string, close: string, rule: Rule<Node>) {
  const inner = token(parser, open, at);
  if (inner === null) return null;
  if (parser.depth >= MAX_DEPTH) throw new KqlError(`its parentheses are more than ${MAX_DEPTH} deep`);
  parser.depth++;
  const query = rule(parser, skipSpace(parser, inner));
  parser.depth--;
  const end = query && token(parser, close, skipSpace(parser, query.end));
  return query === null || end === null ? null : { node: query.node, end };
}

function nestedQuery(parser: Parser, at: number): Parsed<KqlNode> | null {
  const field = literal(parser, at);
  const colon = field && token(parser, ':', skipSpace(parser, field.end));
  if (field === null || colon === null) return null;
  const query = enclosed(parser, skipSpace(parser, colon), '{', '}', orQuery);
  return query && { node: { kind: 'nested', path: String(field.node.value), node: query.node }, end: query.end };
}

const OPERATORS = [
  ['<=', 'lte'],
  ['>=', 'gte'],
  ['<', 'lt'],
  ['>', 'gt'],
] as const;

function expression(parser: Parser, at: number): Parsed<KqlNode> | null {
  const field = literal(parser, at);
  const ranged = field && rangeOf(parser, field);
  if (ranged) return ranged;
  const colon = field && token(parser, ':', skipSpace(parser, field.end));
  const values = colon === null ? null : listOfValues(parser, skipSpace(parser, colon));
  if (field !== null && values !== null) return { node: values.node(field.node), end: values.end };
  const value = valueRule(parser, at);
  return value && { node: value.node(null), end: value.end };
}

function rangeOf(parser: Parser, field: Parsed<KqlValue>): Parsed<KqlNode> | null {
  const at = skipSpace(parser, field.end);
  const found = OPERATORS.find(([sign]) => parser.text.startsWith(sign, at));
  if (found === undefined) return null;
  const value = literal(parser, skipSpace(parser, at + found[0].length));
  return value && { node: { kind: 'range', field: field.node, operator: found[1], value: value.node }, end: value.end };
}

const notValues: Rule<Partial> = (parser, at) => {
  const after = keyword(parser, 'not', at);
  if (after === null) return listOfValues(parser, at);
  const values = listOfValues(parser, after);
  return values && { node: field => ({ kind: 'not', node: values.node(field) }), end: values.end };
};
const together =
  (kind: 'and' | 'or') =>
  (partials: Partial[]): Partial =>
  field => ({ kind, nodes: partials.map(partial => partial(field)) });
const andValues: Rule<Partial> = joined(notValues, 'and', together('and'));
const orValues: Rule<Partial> = joined(andValues, 'or', together('or'));

function listOfValues(parser: Parser, at: number): Parsed<Partial> | null {
  return enclosed(parser, at, '(', ')', orValues) ?? valueRule(parser, at);
}

function valueRule(parser: Parser, at: number): Parsed<Partial> | null {
  const value = literal(parser, at);
  return value && { node: field => ({ kind: 'is', field, value: value.node }), end: value.end };
}

function literal(parser: Parser, at: number): Parsed<KqlValue> | null {
  return quoted(parser, at) ?? unquoted(parser, at);
}

const ESCAPED_SPACE: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

/** What a backslash at `at` and what follows it mean, in quotes or outside. */
function escaped({ text }: Parser, at: number, inQuotes: boolean): Parsed<string> | null {
  const next = text.charAt(at + 1);
  const space = ESCAPED_SPACE[next];
  if (space !== undefined && (inQuotes || !/^not/i.test(text.slice(at + 1)))) return { node: space, end: at + 2 };
  const unicode = /^u([0-9a-f]{4})/i.exec(text.slice(at + 1));
  if (unicode) return { node: String.fromCharCode(Number.parseInt(unicode[1] ?? '', 16)), end: at + 6 };
  if (inQuotes) return next === '\\' || next === '"' ? { node: next, end: at + 2 } : null;
  if (SPECIAL.test(next)) return { node: next, end: at + 2 };
  const word = /^(or|and|not)/i.exec(text.slice(at + 1))?.[0];
  return word === undefined ? null : { node: word, end: at + 1 + word.length };
}

function quoted(parser: Parser, from: number): Parsed<KqlValue> | null {
  const start = token(parser, '"', from);
  if (start === null) return null;
  let at: number = start;
  let value = '';
  while (at < parser.text.length) {
    const character = parser.text.charAt(at);
    if (character === '"') return { node: { value, quoted: true, wildcard: false }, end: at + 1 };
    const escape = character === '\\' ? escaped(parser, at, true) : null;
    // A backslash that escapes nothing stands for itself.
    value += escape?.node ?? character;
    at = escape?.end ?? at + 1;
  }
  parser.furthest = Math.max(parser.furthest, at);
  return null;
}

const CONSTANTS = new Map<string, boolean | null>([
  ['null', null],
  ['true', true],
  ['false', false],
]);

function unquoted(parser: Parser, from: number): Parsed<KqlValue> | null {
  let at = from;
  let text = '';
  let wildcard = false;
  while (at < parser.text.length) {
    const character = parser.text.charAt(at);
    const escape = character === '\\' ? escaped(parser, at, false) : null;
    if (escape === null && character !== '*' && (SPECIAL.test(character) || anyKeyword(parser, at))) break;
    if (character === '*') wildcard = true;
    text += escape?.node ?? character;
    at = escape?.end ?? at + 1;
  }
  parser.furthest = Math.max(parser.furthest, at);
  if (at === from) return null;
  const trimmed = text.trim();
  const constant = CONSTANTS.get(trimmed);
  return { node: { value: constant === undefined ? trimmed : constant, quoted: false, wildcard }, end: at };
}
