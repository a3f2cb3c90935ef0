import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, Scalar } from 'yaml';
import { compose } from './messages.ts';
import { looksSecret, secretTexts, urlPasswords } from './secrets.ts';
import { nameOf, type Problem, type Source, startOf } from './source.ts';
import { substitute, type Surroundings } from './substitute.ts';

/** Where a value comes from. */
export interface Origin {
  source: Source;
  /** Offsets of the key (of a list's item: the item) and of the value. */
  keyAt: number;
  valueAt: number;
  /** As written, where the value came by substitution. */
  written: string | undefined;
  secrets: string[];
}

/** Plain values, and the origin of each by its JSON Pointer. */
export interface Tree {
  value: Record<string, unknown>;
  origins: Map<string, Origin>;
  problems: Problem[];
  /** Absolute paths of the files that `${file:…}` named. */
  files: string[];
}

/** An alias that holds itself would never end. */
const DEEPEST = 50;

export type Kind = 'string' | 'number' | 'boolean' | 'null';

export interface TreeOptions extends Surroundings {
  /** Which kinds of scalars a value at this path may be; undefined where any may. */
  kindsAt(path: readonly string[]): ReadonlySet<Kind> | undefined;
}

/** JSON Pointer (RFC 6901) of a path. */
export function pointerOf(path: readonly string[]): string {
  return path.map(key => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The path of a JSON Pointer. */
export function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The values of a source, substituted. */
export function readTree(source: Source, options: TreeOptions): Tree {
  const tree: Tree = { value: {}, origins: new Map(), problems: [], files: [] };
  const contents = source.document.contents as ParsedNode | null;
  if (isMap(contents)) tree.value = readNode(contents, [], contents.range![0]) as Record<string, unknown>;
  return tree;

  function readNode(node: Node | null, path: string[], keyAt: number): unknown {
    const valueAt = node?.range?.[0] ?? keyAt;
    if (path.length > DEEPEST) {
      tree.problems.push({ code: 'too-deep', message: compose('too-deep', DEEPEST), source, offset: keyAt });
      return null;
    }
    const origin: Origin = { source, keyAt, valueAt, written: undefined, secrets: [] };
    tree.origins.set(pointerOf(path), origin);
    if (isMap(node)) {
      return Object.fromEntries(
        node.items.map(pair => {
          const key = nameOf(pair);
          return [key, readNode(pair.value as Node | null, [...path, key], startOf(pair) ?? valueAt)];
        }),
      );
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const itemNode = item as Node | null;
        return readNode(itemNode, [...path, String(index)], itemNode?.range?.[0] ?? valueAt);
      });
    }
    if (isAlias(node)) {
      const target = node.resolve(source.document);
      if (target !== undefined) return readNode(target, path, keyAt);
      const message = compose('unknown-alias', node.source);
      tree.problems.push({ code: 'unknown-alias', message, source, offset: valueAt });
      return null;
    }
    return isScalar(node) ? readScalar(node, path, origin) : null;
  }

  function readScalar(node: Scalar, path: string[], origin: Origin): unknown {
    if (typeof node.value === 'number') return asWritten(node, node.value, options.kindsAt(path));
    if (typeof node.value !== 'string') return node.value;
    const { text, changed, secrets, files, problems } = substitute(node.value, options);
    tree.files.push(...files);
    tree.problems.push(...problems.map(problem => ({ ...problem, source, offset: origin.valueAt })));
    origin.secrets = [...secrets, ...urlPasswords(text), ...(looksSecret(path.at(-1) ?? '') ? secretTexts(text) : [])];
    if (!changed) return text;
    origin.written = node.value;
    return retype(text, node.type === Scalar.PLAIN, options.kindsAt(path));
  }
}

/** A number where text is wanted, and one that would lose digits on its way to an environment (`007`), is what was typed. */
function asWritten(node: Scalar, value: number, kinds: ReadonlySet<Kind> | undefined): unknown {
  const isExact = kinds?.has('number') && String(value) === node.source;
  return kinds?.has('string') && !isExact ? (node.source ?? String(value)) : value;
}

/**
 * A substituted text as what is wanted in its place: `${WORKERS:-4}` gives a number where a number must be. Where text
 * is allowed too, quotes keep it text, and so does anything that would not print as it is written (`007`).
 */
function retype(text: string, isPlain: boolean, kinds: ReadonlySet<Kind> | undefined): unknown {
  const may = (kind: Kind) => kinds === undefined || kinds.has(kind);
  if (may('string') && !(isPlain && (kinds === undefined || kinds.size > 1))) return text;
  if (may('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (may('null') && text === 'null') return null;
  if (may('number') && text !== '' && String(Number(text)) === text) return Number(text);
  return text;
}

/** One tree under another: maps are merged deeply, lists and single values replaced. */
export function mergeTrees(under: Tree, over: Tree): Tree {
  return {
    value: mergeValues(under.value, over.value) as Record<string, unknown>,
    origins: new Map([...under.origins, ...over.origins]),
    problems: [...under.problems, ...over.problems],
    files: [...under.files, ...over.files],
  };
}

function mergeValues(under: unknown, over: unknown): unknown {
  if (!isRecord(under) || !isRecord(over)) return over;
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over))
    merged[key] = Object.hasOwn(under, key) ? mergeValues(under[key], value) : value;
  return merged;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every pointer of a value, outermost first. */
export function pointersOf(value: unknown, path: readonly string[] = []): string[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [pointerOf(path), ...inner.flatMap(([key, child]) => pointersOf(child, [...path, key]))];
}
