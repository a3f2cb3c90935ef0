import { stripVTControlCharacters } from 'node:util';

/** Whether this is the first line of the test runner's summary, as its reporter `spec` prints it. */
export function isSummary(line: string): boolean {
  return countIn(line, 'tests') !== undefined;
}

/**
 * What is wrong with a summary although no test failed: none ran, or some were skipped. `optOut` is the name of the
 * variable that allows the latter, where it is set; else null.
 */
export function complaints(summary: string[], optOut: string | null): string[] {
  const found: string[] = [];
  if (count(summary, 'tests') === 0) found.push('no test ran');
  const left = count(summary, 'skipped') + count(summary, 'todo');
  if (left > 0) found.push(`${left} tests did not run: skipped, or left to do`);
  return optOut === null ? found : found.filter(text => text === 'no test ran');
}

function count(summary: string[], name: string): number {
  return summary.map(line => countIn(line, name)).find(number => number !== undefined) ?? 0;
}

function countIn(line: string, name: string): number | undefined {
  const match = new RegExp(`^ℹ ${name} (\\d+)$`).exec(stripVTControlCharacters(line).trim());
  return match ? Number(match[1]) : undefined;
}
