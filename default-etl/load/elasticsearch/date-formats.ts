/** Digits of a second's fraction as programs write them, the most first: of `[.SS][.S]` the first that fits is taken. */
const FRACTION = [9, 7, 6, 3, 2, 1].map(digits => `[.${'S'.repeat(digits)}]`).join('');
const ZONE = '[XXX][XX][X]';
/** Days as ISO 8601 has them, with a time behind `T` or a blank, or without. */
const WIDE_ISO = `yyyy-MM-dd['T'HH:mm[:ss]${FRACTION}${ZONE}][ H:mm[:ss]${FRACTION}${ZONE}]`;

const ISO_TEXT = 'ISO 8601 (2024-12-31)';
const KNOWN_TEXTS: Readonly<Record<string, string>> = {
  strict_date_optional_time: ISO_TEXT,
  strict_date_optional_time_nanos: ISO_TEXT,
  epoch_millis: 'milliseconds since 1970',
  epoch_second: 'seconds since 1970',
};
const MOST_TEXTS = 4;

/**
 * The formats of a field whose dates were seen to be written so: those that were seen, and then the same days with and
 * without a time or a leading zero, and as ISO 8601 has them. No later file can change the formats of a field. What was
 * seen comes first, so that other ones cost nothing, and Elasticsearch shows dates by it.
 */
export function widened(seen: readonly string[]): string[] {
  return [...new Set([...seen, ...seen.flatMap(narrowed), WIDE_ISO])];
}

/** `d/M/yyyy[ H:mm[:ss]]` for `dd/MM/yyyy` and its like; nothing for what has no day, or no separators. */
function narrowed(format: string): string[] {
  const parts = /^(dd?|MM?|yyyy)([-/.])(dd?|MM?)\2(dd?|MM?|yyyy)/.exec(format);
  if (!parts) return [];
  const [, first = '', separator = '', second = '', third = ''] = parts;
  const day = [first, second, third].map(part => (part === 'yyyy' ? part : (part[0] as string))).join(separator);
  // WIDE_ISO has the rest.
  return first === 'yyyy' && separator === '-' ? [] : [`${day}[ H:mm[:ss]]`];
}

/** A field's `format` for people, without what is optional: `dd/MM/yyyy or ISO 8601 (2024-12-31)`. */
export function formatText(format: string): string {
  const names = format
    .split('||')
    .map(one => (one === WIDE_ISO ? ISO_TEXT : (KNOWN_TEXTS[one] ?? one.replaceAll(/\[[^\]]*\]+/g, ''))));
  return [...new Set(names)].slice(0, MOST_TEXTS).join(' or ');
}

/** Whether a field of this `format` reads what the step parse_dates writes. */
export function takesIso(format: string): boolean {
  return format.split('||').some(one => one === WIDE_ISO || one === 'strict_date_optional_time');
}
