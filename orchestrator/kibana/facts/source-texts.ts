/** A document's columns in the order in which it has them, each with its value as text; null where there is none. */
export type SourceColumns = Map<string, string | null>;

/**
 * The documents in an answer of `_search`. JSON.parse() is no help: it puts a column called `2024` before all others.
 * An answer that is cut off gives those that are whole.
 */
export function sourceColumns(answer: string): SourceColumns[] {
  const documents: SourceColumns[] = [];
  for (let at = answer.indexOf(SOURCE); at >= 0; at = answer.indexOf(SOURCE, at)) {
    const read = readObject(answer, at + SOURCE.length);
    if (read === undefined) break;
    documents.push(read.columns);
    at = read.end;
  }
  return documents;
}

const SOURCE = '"_source":{';
/** A value in full, of text without its quotes. */
const LONGEST_VALUE = 200;

/** `start`: behind the brace. Texts in it can't be mistaken for the next document: they are skipped as what they are. */
function readObject(json: string, start: number): { columns: SourceColumns; end: number } | undefined {
  const columns: SourceColumns = new Map();
  for (let at = start; at < json.length; ) {
    const character = json[at];
    if (character === '}') return { columns, end: at + 1 };
    if (character !== '"') {
      at++;
      continue;
    }
    const nameEnd = stringEnd(json, at);
    const valueStart = json.indexOf(':', nameEnd) + 1;
    const valueEnd = endOfValue(json, valueStart);
    if (nameEnd < 0 || valueStart === 0 || valueEnd < 0) return undefined;
    columns.set(JSON.parse(json.slice(at, nameEnd)) as string, textOf(json.slice(valueStart, valueEnd).trim()));
    at = valueEnd;
  }
  return undefined;
}

function textOf(json: string): string | null {
  if (json === 'null') return null;
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  return text.slice(0, LONGEST_VALUE);
}

/** Behind the value that begins here, or -1. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const character = json[at];
    if (character === '"') {
      const end = stringEnd(json, at);
      if (end < 0) return -1;
      at = end - 1;
    } else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      if (depth === 0) return at;
      depth--;
    } else if (character === ',' && depth === 0) return at;
  }
  return -1;
}

/** Behind the closing quote, or -1. */
function stringEnd(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === '\\') at++;
    else if (json[at] === '"') return at + 1;
  }
  return -1;
}
