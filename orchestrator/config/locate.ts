import { MOST_MISTAKES } from './bounds.ts';
import { compose, type Mistake, severityOf } from './messages.ts';
import { looksSecret } from './secrets.ts';
import type { SourceMistake, Source } from './source.ts';
import { pathOf, pointerOf, type Tree } from './tree.ts';
import type { Finding } from './validate.ts';

/** The first of them, since whoever reads them mends one after the other. */
export function atMost(mistakes: Mistake[]): Mistake[] {
  const first = mistakes.slice(0, MOST_MISTAKES);
  const last = first.at(-1);
  if (last === undefined || first.length === mistakes.length) return mistakes;
  return [...first, { ...last, code: 'more-mistakes', message: compose('more-mistakes') }];
}

/** What is said of a value that holds a secret says nothing of the value: a message may show a part of it. */
export function withoutSecrets(findings: readonly Finding[], { origins }: Tree): Finding[] {
  const secrets = [...origins].filter(([, origin]) => origin.secrets.length > 0).map(([pointer]) => pointer);
  if (secrets.length === 0) return [...findings];
  return findings.map(finding => {
    const { pointer, code } = finding;
    const holdsOne = (at: string) => at === pointer || at.startsWith(`${pointer}/`) || pointer.startsWith(`${at}/`);
    if (SHOWING_NO_VALUE.has(code) || pointer === '' || !secrets.some(holdsOne)) return finding;
    return { ...finding, code: 'hidden-value', message: compose('hidden-value', pathOf(pointer).join('.')) };
  });
}

/** They name keys alone, or show values by show(). */
const SHOWING_NO_VALUE: ReadonlySet<Mistake['code']> = new Set<Mistake['code']>([
  'wrong-value',
  'unknown-key',
  'misplaced-key',
  'original-key',
  'bad-variable-name',
]);

/** A mistake with its place. */
export function toMistake({ code, message, source, offset }: SourceMistake, dataset: string | null): Mistake {
  return { severity: severityOf(code), code, dataset, file: source.shown, ...source.positionAt(offset), message };
}

/** The place of a finding: of its value, or of the nearest thing around it that is in a file; else the file's first line. */
export function locate(
  { pointer, at, code, message }: Finding,
  tree: Tree,
  fallback: Source,
  dataset: string | null,
): Mistake {
  const path = pathOf(pointer);
  let origin = tree.origins.get(pointer);
  while (origin === undefined && path.length > 1) {
    path.pop();
    origin = tree.origins.get(pointerOf(path));
  }
  const severity = severityOf(code);
  if (origin === undefined || pointer === '')
    return { severity, code, dataset, file: fallback.shown, line: 1, column: 1, message };
  const place = origin.source.positionAt(at === 'key' ? origin.keyAt : origin.valueAt);
  return { severity, code, dataset, file: origin.source.shown, ...place, message };
}

/** Values as JSON, but no secrets: those that came by substitution are shown as they were written. */
export function show(tree: Tree): (pointer: string, value: unknown) => string {
  return (pointer, value) => {
    const origin = tree.origins.get(pointer);
    if (origin?.written !== undefined) return `what ${origin.written} gives`;
    if (pathOf(pointer).some(looksSecret) || (origin?.secrets.length ?? 0) > 0) return 'not shown';
    if (value === '') return 'empty';
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 79)}…` : text;
  };
}
