/**
 * How Pollock compares cells of headers and records: `1.50` equals `1.5`, `1/2/2020` equals `2020-01-02`, `Yes` equals
 * `yes`. Its own normal form goes through Python's int, float, dateutil and price-parser; this one knows the usual ways
 * to write numbers, times, dates and prices, the rest is compared as lower-case text.
 */
export function normalForm(cell: string): string {
  if (cell.trim() === '') return cell;
  return (
    truth(cell) ??
    wholeNumber(cell) ??
    decimalNumber(cell) ??
    clockTime(cell) ??
    date(cell) ??
    price(cell) ??
    cell.toLowerCase()
  );
}

function truth(cell: string): string | undefined {
  if (/^(false|False|0)$/.test(cell)) return '0';
  if (/^(true|True|1)$/.test(cell)) return '1';
  // Other spellings of nought and one, such as 00, become Python's names.
  if (/^\s*[+-]?0+\s*$/.test(cell)) return 'False';
  return /^\s*\+?0*1\s*$/.test(cell) ? 'True' : undefined;
}

function wholeNumber(cell: string): string | undefined {
  return /^\s*[+-]?\d+(_\d+)*\s*$/.test(cell) ? String(BigInt(cell.replaceAll('_', '').replace('+', ''))) : undefined;
}

function decimalNumber(cell: string): string | undefined {
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell)) return undefined;
  const number = Number(cell);
  return Number.isInteger(number) ? `${number}.0` : String(number);
}

function clockTime(cell: string): string | undefined {
  const found = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(cell);
  if (!found) return undefined;
  const [hour, minute, second] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return [hour, minute, second].map(twoDigits).join(':');
}

function date(cell: string): string | undefined {
  const found = /^\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})\s*$/.exec(cell);
  if (!found) return undefined;
  const [first, second, third] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (first > 31) return isoDate(first, second, third);
  // dateutil reads the month first where that is possible.
  return first > 12 ? isoDate(third, second, first) : isoDate(third, first, second);
}

/** Any text with a currency and a number is a price to it. */
function price(cell: string): string | undefined {
  const [, currency, amount] = /([$€£¥])\s*(\d+(?:\.\d+)?)/.exec(cell) ?? [];
  return currency === undefined ? undefined : currency + String(Number(amount));
}

function isoDate(year: number, month: number, day: number): string | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const fullYear = year < 70 ? year + 2000 : year < 100 ? year + 1900 : year;
  return `${fullYear}-${twoDigits(month)}-${twoDigits(day)} 00:00:00`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
