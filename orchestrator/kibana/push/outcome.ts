import type { ObjectName } from './client.ts';

/**
 * `kept`: a person changed or removed it, or it is not this orchestrator's. `refused`: Kibana did not take it. `why`
 * says more of both, going on from what the object is.
 */
export type Result = 'created' | 'updated' | 'same' | 'kept' | 'removed' | 'refused';

export interface Outcome extends ObjectName {
  title: string;
  /** Of the dashboards that stand on it. */
  keys: readonly string[];
  result: Result;
  why: string | null;
}

/** What people call the types. */
const NAMES: Readonly<Record<string, string>> = {
  dashboard: 'dashboard',
  'index-pattern': 'data view',
  search: 'Discover session',
  tag: 'tag',
};

export function nameOf(type: string): string {
  return NAMES[type] ?? type;
}

/** One line, such as `kept     dashboard “Sales”: a person changed it`. */
export function outcomeLine({ type, title, result, why }: Outcome): string {
  return `${result.padEnd(8)} ${nameOf(type)} “${title}”${why === null ? '' : `: ${why}`}`;
}

/** Such as `2 created, 3 same, 1 kept`; `nothing to do` where there is nothing. */
export function outcomeSummary(outcomes: readonly Outcome[]): string {
  const counts = RESULTS.map(result => [outcomes.filter(outcome => outcome.result === result).length, result] as const);
  const parts = counts.filter(([count]) => count > 0).map(([count, result]) => `${count} ${result}`);
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

const RESULTS: readonly Result[] = ['created', 'updated', 'same', 'kept', 'removed', 'refused'];
