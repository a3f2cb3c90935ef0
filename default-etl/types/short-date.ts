/** A month of a year, or a day in eight digits: dates that dateKind() does not know. */
export const SHORT_FORMATS = ['yyyyMMdd', 'yyyy-MM', 'yyyy/MM', 'MM-yyyy', 'MM/yyyy'] as const;

const ZERO = 48;
const DASH = 45;
const SLASH = 47;
const MONTH_LENGTH = 7;
const DAY_LENGTH = 8;
/** Numbers and codes have four digits, too. */
const FIRST_YEAR = 1800;
const LAST_YEAR = 2199;

/** Which of SHORT_FORMATS the month bytes[start, end) has; -1 for none. */
export function monthFormat(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== MONTH_LENGTH) return -1;
  const yearFirst = isSeparator(bytes[start + 4] as number);
  const separator = start + (yearFirst ? 4 : 2);
  if (!isSeparator(bytes[separator] as number)) return -1;
  const year = digitsAt(bytes, yearFirst ? start : start + 3, 4);
  const month = digitsAt(bytes, yearFirst ? start + 5 : start, 2);
  if (!isYear(year) || month < 1 || month > 12) return -1;
  return (yearFirst ? 1 : 3) + (bytes[separator] === SLASH ? 1 : 0);
}

/** Whether the cell is a day in eight digits. */
export function isCompactDay(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== DAY_LENGTH) return false;
  const month = digitsAt(bytes, start + 4, 2);
  const day = digitsAt(bytes, start + 6, 2);
  return isYear(digitsAt(bytes, start, 4)) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

function isSeparator(byte: number): boolean {
  return byte === DASH || byte === SLASH;
}

function isYear(year: number): boolean {
  return year >= FIRST_YEAR && year <= LAST_YEAR;
}

/** -1 where one of them is no digit. */
function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
