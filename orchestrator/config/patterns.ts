import { LONGEST_JUDGED } from './bounds.ts';

// Lists of the policy. The last pattern that matches decides; one that begins with ! takes back what those before it allowed.

/** The pattern that decides on a text, of a list of globs: `*` and `?` do not cross a `/`, `**` does. */
export function decidingGlob(globs: readonly string[], text: string): string | undefined {
  return globs.findLast(glob => matchesGlob(glob.replace(/^!/, ''), text));
}

/**
 * The pattern that decides on a path: each stands for itself and all below it, unless it holds a `*`; then it is a glob
 * of whole paths.
 */
export function decidingPath(patterns: readonly string[], path: string): string | undefined {
  return patterns.findLast(pattern => matchesPath(pattern.replace(/^!/, ''), path));
}

/** Whether what a pattern decides on is allowed; where none decides it is not. */
export function isAllowing(pattern: string | undefined): boolean {
  return pattern !== undefined && !pattern.startsWith('!');
}

/** The folders that a list of paths takes back, as far as they are named without a `*`. */
export function forbiddenFolders(patterns: readonly string[]): string[] {
  return patterns.filter(pattern => pattern.startsWith('!') && !isGlob(pattern)).map(pattern => pattern.slice(1));
}

function matchesPath(pattern: string, path: string): boolean {
  if (isGlob(pattern)) return matchesGlob(pattern, path);
  return path === pattern || path.startsWith(pattern.endsWith('/') ? pattern : `${pattern}/`);
}

function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/**
 * Step by step, and not by a regular expression, which could take for ever; nor by path.matchesGlob(), to which `[`,
 * `{` and `!(` of names mean something. A text that is too long matches none, so that nothing allows it.
 */
function matchesGlob(glob: string, text: string): boolean {
  if (text.length > LONGEST_JUDGED) return false;
  const literal = /^[^*?]*/.exec(glob)![0];
  const rest = glob.slice(literal.length);
  if (!text.startsWith(literal)) return false;
  if (rest === '') return text === literal;
  // As most are: `*.csv`.
  const ending = /^\*([^*?]+)$/.exec(rest)?.[1];
  if (ending !== undefined) {
    const end = text.length - ending.length;
    return end >= literal.length && text.endsWith(ending) && !text.slice(literal.length, end).includes('/');
  }
  return rest === '**' || reachesEnd(rest.match(/\*\*|[^]/g) ?? [], text.slice(literal.length));
}

/** Keeps all places up to which the parts so far can match. */
function reachesEnd(parts: readonly string[], text: string): boolean {
  let reachable = new Set([0]);
  for (const part of parts) reachable = step(part, reachable, text);
  return reachable.has(text.length);
}

function step(part: string, reachable: ReadonlySet<number>, text: string): Set<number> {
  const next = new Set<number>();
  for (const at of reachable) {
    if (part === '**' || part === '*') {
      for (let to = at; to <= text.length && !next.has(to); to += 1) {
        next.add(to);
        if (part === '*' && text[to] === '/') break;
      }
    } else if (text[at] === part || (part === '?' && at < text.length && text[at] !== '/')) {
      next.add(at + 1);
    }
  }
  return next;
}
