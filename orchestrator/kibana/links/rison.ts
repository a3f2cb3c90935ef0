/** What the addresses of Kibana's pages carry. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/**
 * A value as Kibana's pages read it from their address, with all characters encoded that mean something there: no text
 * can end the value that it is in. Texts and keys are always quoted.
 *
 * @see https://github.com/Nanonid/rison, which Kibana uses (src/platform/packages/shared/kbn-rison)
 */
export function risonParameter(value: Value): string {
  return encodeURIComponent(rison(value));
}

function rison(value: Value): string {
  if (value === null) return '!n';
  if (typeof value === 'boolean') return value ? '!t' : '!f';
  // It has no plus sign in an exponent; none of ours has one.
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (isList(value)) return `!(${value.map(rison).join(',')})`;
  return `(${Object.entries(value)
    .map(([key, item]) => `${quoted(key)}:${rison(item)}`)
    .join(',')})`;
}

function quoted(text: string): string {
  return `'${text.toWellFormed().replaceAll(/['!]/g, '!$&')}'`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
