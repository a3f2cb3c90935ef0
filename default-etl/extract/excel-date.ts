const DAY_MS = 86_400_000;
/** Serial 60 is a 29 February 1900 that never was: the days before it count from one day later. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);

/** An Excel serial number as `2020-01-02 00:00:00`, a time of day alone as `12:30:00`; rounded to milliseconds, shown where there are any. */
export function dateText(serial: number, usesDatesOf1904: boolean): string {
  const milliseconds = Math.round(serial * DAY_MS);
  if (milliseconds >= 0 && milliseconds < DAY_MS) return clock(milliseconds);
  const epoch = usesDatesOf1904 ? EPOCH_1904 : serial < 60 ? EPOCH_1900 + DAY_MS : EPOCH_1900;
  const date = new Date(epoch + milliseconds);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || serial < 0) return String(serial);
  return `${date.toISOString().slice(0, 10)} ${clock(milliseconds % DAY_MS)}`;
}

/** A span of time, in days, as hours, minutes and seconds: `30:00:00`. */
export function durationText(days: number): string {
  const milliseconds = Math.round(Math.abs(days) * DAY_MS);
  const hours = String(Math.floor(milliseconds / 3_600_000)).padStart(2, '0');
  return `${days < 0 ? '-' : ''}${hours}${clock(milliseconds % 3_600_000).slice(2)}`;
}

function clock(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString().slice(11, 23);
  return text.endsWith('.000') ? text.slice(0, 8) : `${text}000`;
}
