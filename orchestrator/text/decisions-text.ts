import type { Decision } from '../../default-etl/contract/contract.ts';

/** What people ask about first. */
const MAIN = ['format', 'encoding', 'delimiter', 'sheet', 'record_path'];
/** Below it a decision is a guess. */
const DOUBT = 0.6;
const MOST_CHARACTERS = 60;

/**
 * How a file was read, on one line: `delimiter "," (50 % sure: no delimiter occurs), format "csv"`. What is doubtful
 * comes first, with its reason.
 */
export function decisionsText(decisions: readonly Decision[]): string {
  const main = decisions.filter(decision => !isDoubtful(decision) && MAIN.includes(decision.name));
  return [...doubtfulFirst(decisions), ...main].map(decisionText).join(', ');
}

function isDoubtful({ confidence }: Decision): boolean {
  return confidence < DOUBT;
}

/** What of it is a guess, a sentence for each, the least certain first. */
export function doubtTexts(decisions: readonly Decision[]): string[] {
  return doubtfulFirst(decisions).map(
    ({ name, value, confidence, reason }) =>
      `it was read with ${name} ${shown(value)}, which is only ${percent(confidence)} sure: ${reason}`,
  );
}

function doubtfulFirst(decisions: readonly Decision[]): Decision[] {
  return decisions.filter(isDoubtful).toSorted((one, other) => one.confidence - other.confidence);
}

function decisionText(decision: Decision): string {
  const { name, value, confidence, reason } = decision;
  const sure = confidence < 1 ? ` (${percent(confidence)} sure${isDoubtful(decision) ? `: ${reason}` : ''})` : '';
  return `${name} ${shown(value)}${sure}`;
}

function percent(confidence: number): string {
  return `${Math.round(confidence * 100)} %`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
