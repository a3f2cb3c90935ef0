const FORBIDDEN = /[\\/*?"<>| ,#:]/;
const LONGEST_BYTES = 255;

/**
 * Why Elasticsearch refuses a name for an index, or undefined where it takes it.
 * The rules are those of its reference, "Create index API, path parameters".
 */
export function whyBadIndexName(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return `it can't be ${name}`;
  if (name !== name.toLowerCase()) return 'it must be lower case';
  const forbidden = FORBIDDEN.exec(name)?.[0];
  if (forbidden !== undefined) return `it can't hold ${forbidden === ' ' ? 'a blank' : forbidden}`;
  if (/^[-_+]/.test(name)) return `it can't begin with ${name[0]}`;
  if (Buffer.byteLength(name) > LONGEST_BYTES) return `it is longer than ${LONGEST_BYTES} bytes`;
  return undefined;
}

/** The nearest name that Elasticsearch takes; undefined where nothing is left of it. */
export function goodIndexName(name: string): string | undefined {
  const good = name
    .toLowerCase()
    .replaceAll(new RegExp(FORBIDDEN, 'g'), '-')
    .replace(/^[-_+.]+/, '')
    .slice(0, 100);
  return good === '' ? undefined : good;
}
