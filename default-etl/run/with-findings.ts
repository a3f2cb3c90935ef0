import type { Decision } from '../contract/protocol.ts';

/**
 * Decisions and what the rows showed since: of one name the newer counts. The first `kept` are as they were, and all of
 * them where nothing is new.
 */
export function withFindings(
  decisions: readonly Decision[],
  findings: readonly Decision[],
): { all: Decision[]; kept: number } {
  const said = new Set(decisions.map(decision => JSON.stringify(decision)));
  const found = findings.filter(decision => !said.has(JSON.stringify(decision)));
  const names = new Set(found.map(({ name }) => name));
  const kept = decisions.filter(({ name }) => !names.has(name));
  return { all: [...kept, ...found], kept: kept.length };
}
