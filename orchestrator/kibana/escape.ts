/**
 * Names and values that others wrote, as they may stand in the languages of Kibana.
 *
 * @see https://github.com/elastic/kibana/blob/main/src/platform/packages/shared/kbn-es-query/src/kuery/grammar/grammar.peggy
 */

/** A value in KQL, which means this value and nothing else: in quotes `*` is no wildcard. */
export function kqlValue(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return `"${value.replace(/[\\"]/g, String.raw`\$&`).replace(/[\t\r\n]/g, escapeSpace)}"`;
}

/** The name of a field in KQL: in quotes, too, where `*` is no wildcard. */
export function kqlField(name: string): string {
  return /^[A-Za-z_@][\w@.-]*$/.test(name) && !KEYWORDS.has(name.toLowerCase()) ? name : kqlValue(name);
}

/** Text in Markdown, which shows as it is: on one line, without links, headings, tables and HTML. */
export function markdownText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]()<>#+\-.!|~:&@/=$^]/g, String.raw`\$&`);
}

/** A part of a URL's path or query in a URL format, whose `{{value}}` it can't be mistaken for. */
export function urlPart(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, character => `%${hexOf(character)}`);
}

/** What means something else where it stands without quotes. */
const KEYWORDS = new Set(['and', 'or', 'not', 'null', 'true', 'false']);

function escapeSpace(character: string): string {
  return { '\t': String.raw`\t`, '\r': String.raw`\r`, '\n': String.raw`\n` }[character] ?? character;
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase();
}
