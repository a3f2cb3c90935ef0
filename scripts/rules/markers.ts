import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clause, PlacedClause, Rule } from './entry.ts';

const CODE = '{orchestrator,default-etl}/**/*.{ts,sql}';
const MARKER = /^ *(?:\/\/|--|#) rule (?<rule>\d+): (?<clause>.+)$/;
const TESTS = /\.test\.ts$|conformance/;
/** The code that a marker means stands in so many lines behind it. */
const REACH = 10;

/** A line that says which clause of which rule the code behind it holds. */
interface Marker {
  rule: number;
  clause: string;
  file: string;
  line: number;
}

/**
 * The clauses of all rules, each with its code and its test. Throws an Error that names every clause without a marker,
 * or a test, and every marker without a clause.
 */
export function placeClauses(root: string, rules: readonly Rule[]): PlacedClause[] {
  const texts = readTexts(root);
  const markers = [...texts].flatMap(([file, text]) => markersOf(file, text));
  const mistakes = markers.filter(({ rule, clause }) => !isKnown(rules, rule, clause)).map(strayText);
  const placed: PlacedClause[] = [];
  for (const { number, clauses } of rules) {
    for (const [clause, entry] of Object.entries(clauses)) {
      const here = markers.filter(marker => marker.rule === number && marker.clause === clause);
      const found = place(entry, here, texts);
      if (typeof found === 'string') mistakes.push(`rule ${number}, ${clause}: ${found}`);
      else placed.push(found);
    }
  }
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  return placed;
}

/** What is wrong with it, where it can't be placed. */
function place(entry: Clause, here: readonly Marker[], texts: ReadonlyMap<string, string>): PlacedClause | string {
  const [marker] = here;
  if (marker === undefined || here.length > 1) return `${here.length} lines of code are marked so, not one`;
  const title = titleText(entry.title);
  const titles = [...texts].flatMap(([file, text]) =>
    TESTS.test(file) ? Array.from({ length: text.split(title).length - 1 }, () => file) : [],
  );
  const [titled] = titles;
  if (titled === undefined || titles.length > 1)
    return `its test’s title is there ${titles.length} times, not once: ${entry.title}`;
  const found = { ...entry, ...marker, titled, test: entry.test ?? titled };
  if (textWithout(texts.get(marker.file) ?? '', found) !== undefined) return found;
  return `behind its marker in ${marker.file} there is not once ${entry.code}`;
}

/** A file's text without the clause's code; undefined where that is not there once. */
export function textWithout(
  text: string,
  { line, code, without = '' }: Pick<PlacedClause, 'line' | 'code' | 'without'>,
): string | undefined {
  const lines = text.split('\n');
  const first = lines.findIndex((one, at) => at > line && !MARKER.test(one));
  if (code === undefined) return lines.with(first, without).join('\n');
  const near = lines.slice(first, first + REACH).join('\n');
  if (near.split(code).length !== 2) return undefined;
  return [...lines.slice(0, first), near.replace(code, () => without), ...lines.slice(first + REACH)].join('\n');
}

function readTexts(root: string): Map<string, string> {
  const files = globSync(CODE, { cwd: root, exclude: ['**/node_modules/**'] }).sort();
  return new Map(files.map(file => [file, readFileSync(join(root, file), 'utf8')]));
}

function markersOf(file: string, text: string): Marker[] {
  return text.split('\n').flatMap((one, line) => {
    const { rule, clause } = MARKER.exec(one)?.groups ?? {};
    return rule === undefined || clause === undefined ? [] : [{ rule: Number(rule), clause, file, line }];
  });
}

function isKnown(rules: readonly Rule[], rule: number, clause: string): boolean {
  return rules.some(({ number, clauses }) => number === rule && Object.hasOwn(clauses, clause));
}

function strayText({ rule, clause, file }: Marker): string {
  return `rule ${rule}, ${clause}: marked in ${file}, and not in scripts/rules/entries/rule-${rule}.ts`;
}

/** As it is written in code. */
function titleText(title: string): string {
  return title.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
