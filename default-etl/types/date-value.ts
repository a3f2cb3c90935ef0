export const DAY_MS = 86_400_000;

const DATE = /^(\d+)([-/.])(\d+)\2(\d+)(?:[ T](\d+):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Microseconds since 1970-01-01, in UTC where the text has a zone; undefined where it is no date that dateKind() knows, or a day that the calendar
 * does not have. `dayFirst`: 01/02/2020 is the first of February.
 */
export function dateValue(text: string, dayFirst: boolean): bigint | undefined {
  const [, first = '', , second = '', third = '', hour = '0', minute = '0', seconds = '0', fraction = '', zone = ''] =
    DATE.exec(text) ?? [];
  const yearFirst = first.length === 4;
  const [year, month, day] = yearFirst
    ? [first, second, third]
    : dayFirst
      ? [third, second, first]
      : [third, first, second];
  if (year.length !== 4 || Number(hour) > 23) return undefined;
  const date = new Date(0);
  // Years below 100 are meant so here.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const secondsOfDay = Number(hour) * 3600 + Number(minute) * 60 + Number(seconds) - zoneSeconds(zone);
  return BigInt(date.getTime() + secondsOfDay * 1000) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

function zoneSeconds(zone: string): number {
  if (zone === '' || zone === 'Z') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
