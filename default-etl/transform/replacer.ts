import { RE2JS } from 're2js';

export interface Replacements {
  /** Literal text, and what stands in its place; null: the whole value is null. */
  text?: Record<string, string | null>;
  /** The same for expressions (RE2); `\1` to `\9` and `\g<name>` are groups. */
  regex?: Record<string, string | null>;
}

interface Replacement {
  isIn(text: string): boolean;
  /** The text itself where nothing is found. */
  apply(text: string): string | null;
}

/**
 * Replaces what is found in a text, in order. Only what is in the text as it was is looked for in what the ones before
 * have made of it, as in pandas: `{a: b, b: c}` makes `b` of `a`.
 */
export function createReplacer({ text = {}, regex = {} }: Replacements): (value: string) => string | null {
  const all = [...Object.entries(text).map(literalReplacement), ...Object.entries(regex).map(regexReplacement)];
  return value => {
    let current: string | null = value;
    for (const { isIn, apply } of all) {
      // As long as nothing has changed, looking for it once is enough.
      if (current === value || (current !== null && isIn(value))) current = apply(current);
    }
    return current;
  };
}

function literalReplacement([sought, replacement]: [string, string | null]): Replacement {
  return {
    isIn: text => text.includes(sought),
    apply: text =>
      replacement === null ? (text.includes(sought) ? null : text) : text.replaceAll(sought, () => replacement),
  };
}

function regexReplacement([pattern, replacement]: [string, string | null]): Replacement {
  const expression = RE2JS.compile(pattern);
  const parts = replacement === null ? null : replacementParts(replacement);
  return {
    isIn: text => expression.test(text),
    apply: text => (parts === null ? (expression.test(text) ? null : text) : replaceAll(expression, text, parts)),
  };
}

type Part = { text: string } | { group: number | string };

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };

/** As Python reads a replacement: `\1`, `\g<1>`, `\g<name>`, `\n`, `\\`; anything else is text. */
function replacementParts(replacement: string): Part[] {
  const found = replacement.matchAll(/\\g<(\w+)>|\\([0-9])|\\([ntr\\])|([^\\]+|\\)/g);
  return [...found].map(([, name, digit, escape, text]) => {
    if (digit !== undefined) return { group: Number(digit) };
    if (name !== undefined) return { group: /^\d+$/.test(name) ? Number(name) : name };
    return { text: escape === undefined ? (text as string) : (ESCAPES[escape] as string) };
  });
}

function replaceAll(expression: RE2JS, text: string, parts: readonly Part[]): string {
  const matcher = expression.matcher(text);
  let result = '';
  let from = 0;
  while (matcher.find()) {
    result += text.slice(from, matcher.start());
    for (const part of parts) result += 'text' in part ? part.text : (matcher.group(part.group) ?? '');
    from = matcher.end();
  }
  return result + text.slice(from);
}

/** Why a text is no expression of RE2; undefined where it is one. */
export function whyBadRegex(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace('error parsing regexp: ', '').replaceAll('`', '');
  }
}
