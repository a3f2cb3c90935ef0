/** JSON as one line, also to readers that take U+2028 and U+2029 for line breaks (Node's readline does). */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  return `${text}\n`;
}
