import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlacedClause, Rule } from './entry.ts';

const CODE = '{orchestrator,default-etl}/**/*.{ts,sql}';
const MARKER = /^ *(?:\/\/|--|#) rule (?<rule>\d+): (?<clause>.+)$/;

const TESTS = /\.test\.ts$|conformance/;

/** A line of code that says which clause of which rule the code behind it holds. */
interface Marker {
  rule: number;
  clause: string;
  file: string;
}

/**
 * The clauses of all rules, each with its code and its test. Throws an Error that names every clause without a marker,
 * or a test, and every marker without a clause.
 */
export function placeClauses(root: string, rules: readonly Rule[]): PlacedClause[] {
  const texts = readTexts(root);
  const markers = [...texts].flatMap(([file, text]) => markersOf(file, text));
  const mistakes = markers.filter(({ rule, clause }) => !entryOf(rules, rule, clause)).map(strayText);
  const placed = rules.flatMap(({ number, clauses }) =>
    Object.entries(clauses).flatMap(([clause, entry]): PlacedClause[] => {
      const here = markers.filter(marker => marker.rule === number && marker.clause === clause);
      const titled = [...texts]
        .filter(([file, text]) => TESTS.test(file) && text.includes(titleText(entry.title)))
        .map(([file]) => file);
      const [marker, title] = [here[0], titled[0]];
      if (here.length === 1 && titled.length === 1 && marker && title) {
        const found: PlacedClause = {
          ...entry,
          rule: number,
          clause,
          file: marker.file,
          titled: title,
          test: entry.test ?? title,
        };
        if (textWithout(texts.get(marker.file) ?? '', found) !== undefined) return [found];
        mistakes.push(`rule ${number}, ${clause}: behind its marker in ${marker.file} there is no ${entry.code}`);
        return [];
      }
      if (here.length !== 1)
        mistakes.push(`rule ${number}, ${clause}: ${here.length} lines of code are marked so, not one`);
      if (titled.length !== 1)
        mistakes.push(
          `rule ${number}, ${clause}: ${titled.length} files have its test’s title, not one: ${entry.title}`,
        );
      return [];
    }),
  );
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  return placed;
}

/** A file's text without the clause's code; undefined where that is not found. */
export function textWithout(text: string, { rule, clause, code, without = '' }: PlacedClause): string | undefined {
  const lines = text.split('\n');
  const at = lines.findIndex(line => isMarker(line, { rule, clause }));
  const next = lines.findIndex((line, place) => place > at && !MARKER.test(line));
  const [before, behind] = [lines.slice(0, next), lines.slice(next)];
  if (code === undefined) return [...before, without, ...behind.slice(1)].join('\n');
  const rest = behind.join('\n');
  if (!rest.includes(code)) return undefined;
  return [...before, rest.replace(code, () => without)].join('\n');
}

function readTexts(root: string): Map<string, string> {
  const files = globSync(CODE, { cwd: root, exclude: ['**/node_modules/**'] }).sort();
  return new Map(files.map(file => [file, readFileSync(join(root, file), 'utf8')]));
}

function markersOf(file: string, text: string): Marker[] {
  return text.split('\n').flatMap(line => {
    const { rule, clause } = MARKER.exec(line)?.groups ?? {};
    return rule === undefined || clause === undefined ? [] : [{ rule: Number(rule), clause, file }];
  });
}

function isMarker(line: string, { rule, clause }: Pick<Marker, 'rule' | 'clause'>): boolean {
  const found = MARKER.exec(line)?.groups;
  return found?.['rule'] === String(rule) && found['clause'] === clause;
}

function entryOf(rules: readonly Rule[], rule: number, clause: string): boolean {
  return rules.some(({ number, clauses }) => number === rule && clause in clauses);
}

function strayText({ rule, clause, file }: Marker): string {
  return `rule ${rule}, ${clause}: marked in ${file}, and not in scripts/rules/entries/rule-${rule}.ts`;
}

/** As it is written in code. */
function titleText(title: string): string {
  return title.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
