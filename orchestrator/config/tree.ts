import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type ParsedNode,
  Scalar,
  visit,
} from 'yaml';
import { DEEPEST, LONGEST_KEY, MOST_ALIASES, MOST_CHARACTERS, MOST_VALUES } from './bounds.ts';
import { compose, type MessageCode, type MESSAGES } from './messages.ts';
import { looksSecret, secretTexts, urlPasswords } from './secrets.ts';
import { hasPlainKey, nameOf, type SourceMistake, type Source, startOf } from './source.ts';
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
  mistakes: SourceMistake[];
  /** Absolute paths of the files that `${file:…}` named. */
  files: string[];
}

export type Kind = 'string' | 'number' | 'boolean' | 'null';

/** What may still be read. */
export interface Room {
  values: number;
  characters: number;
}

export interface TreeOptions extends Surroundings {
  /** Of all files: what this one takes is taken from it. */
  room?: Room;
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

/** The values of a source, aliases written out, substituted. A mistake ends it where it would be endless. */
export function readTree(source: Source, options: TreeOptions): Tree {
  return new TreeReader(source, options).read();
}

class TreeReader {
  readonly #source: Source;
  readonly #options: TreeOptions;
  readonly #tree: Tree = { value: {}, origins: new Map(), mistakes: [], files: [] };
  readonly #targets: ReadonlyMap<Alias, Node>;
  /** Nodes that what is read now stands in. */
  readonly #within = new Set<Node>();
  readonly #left = { aliases: MOST_ALIASES, values: MOST_VALUES, characters: MOST_CHARACTERS };
  #isTooMuch = false;

  constructor(source: Source, options: TreeOptions) {
    this.#source = source;
    this.#options = options;
    this.#targets = aliasTargets(source);
  }

  read(): Tree {
    const contents = this.#source.document.contents as ParsedNode | null;
    if (isMap(contents)) {
      this.#tree.value = this.#readNode(contents, [], contents.range![0]) as Record<string, unknown>;
    }
    return this.#tree;
  }

  #fail<Code extends MessageCode>(code: Code, offset: number, ...values: Parameters<(typeof MESSAGES)[Code]>): null {
    this.#tree.mistakes.push({ code, message: compose(code, ...values), source: this.#source, offset });
    return null;
  }

  /** False once there is too much: the rest is not read. */
  #spend(characters: number, offset: number): boolean {
    const { room } = this.#options;
    for (const left of room === undefined ? [this.#left] : [this.#left, room]) {
      left.values -= 1;
      left.characters -= characters;
    }
    if (this.#left.values >= 0 && this.#left.characters >= 0) return true;
    if (!this.#isTooMuch) this.#fail('too-many-values', offset, MOST_VALUES, MOST_CHARACTERS);
    this.#isTooMuch = true;
    return false;
  }

  #readNode(node: Node | null, path: string[], keyAt: number): unknown {
    if (this.#isTooMuch) return null;
    const valueAt = node?.range?.[0] ?? keyAt;
    if (path.length > DEEPEST) return this.#fail('too-deep', keyAt, DEEPEST);
    if (isAlias(node)) return this.#readAlias(node, path, keyAt);
    const pointer = pointerOf(path);
    if (!this.#spend(pointer.length, valueAt)) return null;
    const origin: Origin = { source: this.#source, keyAt, valueAt, written: undefined, secrets: [] };
    this.#tree.origins.set(pointer, origin);
    if (isScalar(node)) return this.#readScalar(node, path, origin);
    if (node === null) return null;
    this.#within.add(node);
    const value = this.#readCollection(node, path, valueAt);
    this.#within.delete(node);
    return value;
  }

  #readCollection(node: Node, path: string[], valueAt: number): unknown {
    if (isMap(node)) return this.#readMap(node.items, path, valueAt);
    return isSeq(node) ? this.#readList(node.items, path, valueAt) : null;
  }

  #readMap(pairs: readonly Pair[], path: string[], mapAt: number): Record<string, unknown> {
    const entries = pairs.flatMap(pair => {
      const key = nameOf(pair);
      const keyAt = startOf(pair) ?? mapAt;
      if (hasPlainKey(pair) && key.length <= LONGEST_KEY)
        return [[key, this.#readNode(pair.value as Node | null, [...path, key], keyAt)] as const];
      this.#fail('bad-key', keyAt, LONGEST_KEY);
      return [];
    });
    return Object.fromEntries(entries);
  }

  #readList(items: readonly unknown[], path: string[], listAt: number): unknown[] {
    return (items as Array<Node | null>).map((item, index) =>
      this.#readNode(item, [...path, String(index)], item?.range?.[0] ?? listAt),
    );
  }

  #readAlias(alias: Alias, path: string[], keyAt: number): unknown {
    const at = alias.range?.[0] ?? keyAt;
    const target = this.#targets.get(alias);
    if (target === undefined) return this.#fail('unknown-alias', at, alias.source);
    if (this.#within.has(target)) return this.#fail('circular-alias', at, alias.source);
    this.#left.aliases -= 1;
    if (this.#left.aliases === -1) this.#fail('too-many-aliases', at, MOST_ALIASES);
    this.#isTooMuch ||= this.#left.aliases < 0;
    return this.#readNode(target, path, keyAt);
  }

  #readScalar(node: Scalar, path: string[], origin: Origin): unknown {
    if (typeof node.value === 'number') return asWritten(node, node.value, this.#options.kindsAt(path));
    if (typeof node.value !== 'string') return node.value;
    const { text, changed, secrets, files, mistakes } = substitute(node.value, path, this.#options);
    this.#tree.files.push(...files);
    const place = { source: this.#source, offset: origin.valueAt };
    this.#tree.mistakes.push(...mistakes.map(mistake => ({ ...mistake, ...place })));
    if (!this.#spend(text.length, origin.valueAt)) return null;
    origin.secrets = [...secrets, ...urlPasswords(text), ...(looksSecret(path.at(-1) ?? '') ? secretTexts(text) : [])];
    if (!changed) return text;
    origin.written = node.value;
    return retype(text, node.type === Scalar.PLAIN, this.#options.kindsAt(path));
  }
}

/**
 * What each alias stands for: the last anchor of its name before it. One walk for all, since the document's own search
 * walks for each.
 */
function aliasTargets({ document }: Source): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
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
    mistakes: [...under.mistakes, ...over.mistakes],
    files: [...under.files, ...over.files],
  };
}

function mergeValues(under: unknown, over: unknown): unknown {
  if (!isRecord(under) || !isRecord(over)) return over;
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over))
    merged.set(key, Object.hasOwn(under, key) ? mergeValues(under[key], value) : value);
  return Object.fromEntries(merged);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every pointer of a value, outermost first. */
export function pointersOf(value: unknown, path: readonly string[] = []): string[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [pointerOf(path), ...inner.flatMap(([key, child]) => pointersOf(child, [...path, key]))];
}
