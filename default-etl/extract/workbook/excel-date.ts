const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Serial 60 is a 29 February 1900 that never was: the days before it count from one day later. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);

/**
 * An Excel serial number as `2020-01-02 00:00:00`, a time of day alone as `12:30:00`; rounded to milliseconds, shown
 * where there are any.
 */
export function dateText(serial: number, usesDatesOf1904: boolean): string {
  const milliseconds = Math.round(serial * DAY_MS);
  if (milliseconds >= 0 && milliseconds < DAY_MS) return clock(milliseconds);
  const epoch = usesDatesOf1904 ? EPOCH_1904 : serial < 60 ? EPOCH_1900 + DAY_MS : EPOCH_1900;
  const date = new Date(epoch + milliseconds);
  const year = date.getUTCFullYear();
  if (!(year <= 9999) || serial < 0) return String(serial);
  return `${year}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clock(milliseconds % DAY_MS)}`;
}

/** A span of time, in days, as hours, minutes and seconds: `30:00:00`. */
export function durationText(days: number): string {
  const milliseconds = Math.round(Math.abs(days) * DAY_MS);
  const hours = String(Math.floor(milliseconds / HOUR_MS)).padStart(2, '0');
  return `${days < 0 ? '-' : ''}${hours}${clock(milliseconds % HOUR_MS).slice(2)}`;
}

/** By hand: toISOString() takes four times as long, and a sheet may have millions. */
function clock(milliseconds: number): string {
  if (milliseconds === 0) return '00:00:00';
  const hours = Math.floor(milliseconds / HOUR_MS);
  const minutes = Math.floor(milliseconds / MINUTE_MS) % 60;
  const seconds = Math.floor(milliseconds / 1000) % 60;
  const fraction = milliseconds % 1000;
  const text = `${two(hours)}:${two(minutes)}:${two(seconds)}`;
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(3, '0')}000`;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
