import type { Finding, Level } from './finding.ts';

const WORDS: Readonly<Record<Level, string>> = { mistake: 'error', doubt: 'warning', note: 'note' };

/** As a compiler's: `flights.ndjson:3: error: dashboard "Flights", panel "Top carriers": what. What to do.` */
export function findingText({ level, origin, object, panel, what, remedy }: Finding): string {
  const place = panel === null ? object : `${object}, ${panel.startsWith('control ') ? panel : `panel "${panel}"`}`;
  return `${origin}: ${WORDS[level]}: ${visible(`${place}: ${what} ${remedy}`)}`;
}

/** What others wrote must not steer the terminal. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ');
}

/** `2 errors, 1 warning, 0 notes`. */
export function countText(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter(finding => finding.level === level).length;
  return (['mistake', 'doubt', 'note'] as const)
    .map(level => `${count(level)} ${WORDS[level]}${count(level) === 1 ? '' : 's'}`)
    .join(', ');
}
