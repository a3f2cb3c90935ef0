/** Calendar units of Elasticsearch's date math. */
type Unit = 'y' | 'M' | 'w' | 'd' | 'h' | 'H' | 'm' | 's';

const MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  H: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Milliseconds since 1970 of a date in ISO 8601, or of date math such as `now-7d/d`, as Kibana reads the bounds of a
 * time range; rounding at its end is up to the unit's last millisecond. UTC. Null: it is neither.
 */
export function parseInstant(text: string, now: number, bound: 'start' | 'end'): number | null {
  const math = /^now((?:[+-]\d{1,6}[yMwdhHms])*)(?:\/([yMwdhHms]))?$/.exec(text);
  if (math === null) return parseDate(text);
  let at = now;
  for (const [, sign, count, unit] of (math[1] ?? '').matchAll(/([+-])(\d+)([yMwdhHms])/g))
    at = addUnits(at, Number(`${sign}${count}`), unit as Unit);
  const rounding = math[2] as Unit | undefined;
  if (rounding === undefined) return at;
  const start = startOf(at, rounding);
  return bound === 'start' ? start : addUnits(start, 1, rounding) - 1;
}

function parseDate(text: string): number | null {
  if (!/^[+-]?\d{4,6}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return null;
  const at = Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(at) ? null : at;
}

/** In UTC. */
export function addUnits(at: number, count: number, unit: Unit): number {
  const fixed = MS[unit];
  if (fixed !== undefined) return at + count * fixed;
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + count * (unit === 'y' ? 12 : 1));
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime();
}

/** Weeks begin on Monday. */
function startOf(at: number, unit: Unit): number {
  const date = new Date(at);
  if (unit === 'y') return Date.UTC(date.getUTCFullYear(), 0, 1);
  if (unit === 'M') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  if (unit !== 'w') return at - (((at % (MS[unit] ?? 1)) + (MS[unit] ?? 1)) % (MS[unit] ?? 1));
  const day = startOf(at, 'd');
  return day - ((new Date(day).getUTCDay() + 6) % 7) * (MS['d'] ?? 0);
}
