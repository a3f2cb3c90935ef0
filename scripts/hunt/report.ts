import type { Kind } from './case.ts';
import type { Finding, HuntResult } from './hunt.ts';
import type { Reading } from './table.ts';

const MOST_CHARACTERS = 2000;

/** A line for each kind, and what was found. */
export function reportOf(results: ReadonlyMap<Kind, HuntResult>): string {
  const lines = [...results].map(([kind, { files, comparisons, explained, findings }]) => {
    const known = [...explained].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
    return `${kind}: ${files} files, ${comparisons} comparisons; differences explained: ${known}; unexplained: ${findings.length}`;
  });
  const found = [...results.values()].flatMap(({ findings }) => findings.map(findingText));
  return `${[...found, ...lines].join('\n')}\n`;
}

function findingText({ kind, reader, difference, seed, path, file, ours, theirs }: Finding): string {
  return [
    `${kind} differs from ${reader}: ${difference} (--kind=${kind} --seed=${seed}, path ${path}; ${JSON.stringify(file.form)})`,
    `  file   ${shown(file.bytes)}`,
    `  ours   ${readingText(ours)}`,
    `  theirs ${readingText(theirs)}`,
    `  truth  ${readingText(file.truth)}`,
    '',
  ].join('\n');
}

/** Bytes that are text as such, others in base64. */
function shown(bytes: Buffer): string {
  const text = bytes.toString();
  return bytes.includes(0) || text.includes('\ufffd')
    ? `base64 ${cut(bytes.toString('base64'))}`
    : cut(JSON.stringify(text));
}

function readingText(reading: Reading): string {
  return cut('error' in reading ? `error: ${reading.error}` : JSON.stringify(reading));
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
