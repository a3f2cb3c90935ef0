/** Why a field is shown as it is. */
export interface Reason {
  name: string;
  /** Goes on from the name: `has no value`. */
  reason: string;
}

/** Fields that one sentence names. */
const MOST_NAMED = 20;

/** A sentence for each reason, with all fields that it holds of. */
export function sentences(reasons: readonly Reason[]): string[] {
  const groups = Map.groupBy(reasons, ({ reason }) => reason);
  return [...groups].map(([reason, all]) => {
    const named = all.slice(0, MOST_NAMED).map(({ name }) => name);
    const more = all.length > named.length ? ` and ${all.length - named.length} more` : '';
    return named.length === 1 ? `${named[0]} ${reason}.` : `${named.join(', ')}${more}: each ${reason}.`;
  });
}
