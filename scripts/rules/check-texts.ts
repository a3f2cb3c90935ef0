import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clause, Rule } from './entry.ts';

/** What is wrong with entries whose code, or whose test's title, is not found where they say: the code has moved on. */
export function findStale(root: string, rules: readonly Rule[]): string[] {
  return rules.flatMap(({ number, clauses }) =>
    clauses.flatMap(clause => staleTexts(root, clause).map(text => `rule ${number}, ${clause.clause}: ${text}`)),
  );
}

/** The file's text without the clause's code. Throws where that isn't found exactly once. */
export function textWithout(root: string, { file, code, without }: Clause): string {
  const text = textOf(root, file);
  const times = countOf(text, code);
  if (times !== 1) throw new Error(`its code is in ${file} ${times} times, not once; mend the entry: ${code}`);
  return text.replace(code, () => without);
}

function staleTexts(root: string, clause: Clause): string[] {
  const found: string[] = [];
  try {
    textWithout(root, clause);
  } catch (error) {
    found.push(error instanceof Error ? error.message : String(error));
  }
  const titled = clause.suite ?? clause.test;
  const titles = countOf(textOf(root, titled), clause.title);
  if (titles !== 1) found.push(`its test's title is in ${titled} ${titles} times, not once: ${clause.title}`);
  return found;
}

/** Empty where there is no such file any more. */
function textOf(root: string, file: string): string {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1;
}
