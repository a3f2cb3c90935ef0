/**
 * A number as Python's str() gives it, whole ones without `.0`: the shortest text that reads back as the same number.
 * JavaScript's differs only in the exponent: `1e-7` is `1e-07` there, and it begins below 1e-4 and from 1e16 on.
 */
export function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (Number.isInteger(value)) return BigInt(value).toString();
  const size = Math.abs(value);
  if (!(size < 1e-4)) return String(value);
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits}e-${exponent.slice(1).padStart(2, '0')}`;
}
