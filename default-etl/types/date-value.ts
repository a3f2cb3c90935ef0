export const DAY_MS = 86_400_000;

const DATE = /^(\d+)([-/.])(\d+)\2(\d+)(?:[ T](\d+):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;
/** Those of SHORT_FORMATS. */
const SHORT_DATE =
  /^(?:(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)|(?<year>\d{4})[-/](?<month>\d\d)|(?<month>\d\d)[-/](?<year>\d{4}))$/;

/**
 * Microseconds since 1970-01-01, in UTC where the text has a zone; undefined where it is no date that dateKind() or
 * SHORT_FORMATS know, or a day that the calendar does not have. A month is its first day. `dayFirst`: 01/02/2020 is the
 * first of February.
 */
export function dateValue(text: string, dayFirst: boolean): bigint | undefined {
  const short = SHORT_DATE.exec(text)?.groups;
  if (short) return daysValue(Number(short['year']), Number(short['month']), Number(short['day'] ?? 1), 0, '');
  const [, first = '', , second = '', third = '', hour = '0', minute = '0', seconds = '0', fraction = '', zone = ''] =
    DATE.exec(text) ?? [];
  const yearFirst = first.length === 4;
  const [year, month, day] = yearFirst
    ? [first, second, third]
    : dayFirst
      ? [third, second, first]
      : [third, first, second];
  if (year.length !== 4 || Number(hour) > 23) return undefined;
  const secondsOfDay = Number(hour) * 3600 + Number(minute) * 60 + Number(seconds) - zoneSeconds(zone);
  return daysValue(Number(year), Number(month), Number(day), secondsOfDay, fraction);
}

function daysValue(
  year: number,
  month: number,
  day: number,
  secondsOfDay: number,
  fraction: string,
): bigint | undefined {
  const date = new Date(0);
  // Years below 100 are meant so here.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return BigInt(date.getTime() + secondsOfDay * 1000) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

function zoneSeconds(zone: string): number {
  if (zone === '' || zone === 'Z') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(3).replace(':', '')) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
