import type { Decision } from '../default-etl/contract.ts';

/** What people ask about first. */
const MAIN = ['format', 'encoding', 'delimiter', 'sheet', 'record_path'];
/** Below it a decision is a guess. */
const DOUBT = 0.6;
const MOST_CHARACTERS = 60;

/** How a file was read, on one line: `delimiter "," (50 % sure: no delimiter occurs), format "csv"`. What is doubtful comes first, with its reason. */
export function decisionsText(decisions: readonly Decision[]): string {
  const doubtful = decisions.filter(isDoubtful).toSorted((one, other) => one.confidence - other.confidence);
  const main = decisions.filter(decision => !isDoubtful(decision) && MAIN.includes(decision.name));
  return [...doubtful, ...main].map(decisionText).join(', ');
}

export function isDoubtful({ confidence }: Decision): boolean {
  return confidence < DOUBT;
}

function decisionText(decision: Decision): string {
  const { name, confidence, reason } = decision;
  const value = JSON.stringify(decision.value) ?? '';
  const shown = value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value;
  const sure =
    confidence < 1 ? ` (${Math.round(confidence * 100)} % sure${isDoubtful(decision) ? `: ${reason}` : ''})` : '';
  return `${name} ${shown}${sure}`;
}
