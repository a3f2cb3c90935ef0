const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS = ['b', 'k', 'm', 'g', 't'];

/** Longest time a timer of Node can wait is 2^31 - 1 ms, 24.8 days; longer ones fire at once. */
export const LONGEST_TIMER_MS = 24 * 86_400_000;

/** Milliseconds of a duration such as `500ms`, `30s`, `1.5h`, `2d`; undefined if it isn't one. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Math.round(Number(amount) * MS_PER_UNIT[unit]!);
}

/** Bytes of a size such as `512`, `64m`, `1.5g`, in powers of 1024; undefined if it isn't one. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = 'b'] = /^(\d+(?:\.\d+)?)([bkmgt]?)$/.exec(text.toLowerCase()) ?? [];
  return amount === undefined ? undefined : Math.round(Number(amount) * 1024 ** SIZE_UNITS.indexOf(unit || 'b'));
}
