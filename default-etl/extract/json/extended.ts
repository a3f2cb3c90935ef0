/** Of MongoDB's Extended JSON, those whose value is a text in quotes. */
const TEXTS: ReadonlySet<string> = new Set([
  '$oid',
  '$uuid',
  '$symbol',
  '$numberInt',
  '$numberLong',
  '$numberDouble',
  '$numberDecimal',
]);

/**
 * The plain text of a value in MongoDB's Extended JSON, version 1 or 2, as mongoexport writes ids, dates and numbers:
 * `{"$oid":"5f0c"}`, `{"$date":{"$numberLong":"0"}}`. undefined where it is none, or one of the rarer kinds.
 */
export function extendedText(value: unknown): string | undefined {
  const [key, inner] = onlyMember(value) ?? [];
  if (key === undefined) return undefined;
  if (TEXTS.has(key)) return typeof inner === 'string' ? inner : undefined;
  return key === '$date' ? dateText(inner) : undefined;
}

function dateText(inner: unknown): string | undefined {
  if (typeof inner === 'string') return inner;
  const milliseconds = typeof inner === 'number' ? inner : Number(extendedText(inner) ?? Number.NaN);
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function onlyMember(value: unknown): [string, unknown] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const members = Object.entries(value);
  return members.length === 1 ? members[0] : undefined;
}
