import { reporter, type Finding, type Reporter } from './finding.ts';
import { isFields, listOf, shown, textOf, type Fields } from './json.ts';
import { objectName, type Reference, type SavedObject } from './saved-object.ts';
import { checkVersions } from './structure/versions.ts';

/** The most that is read of one file, and of objects in it. */
const MAX_BYTES = 64 << 20;
const MAX_OBJECTS = 10_000;

/**
 * The saved objects of an export (NDJSON), or of one file of a package of Elastic Agent (one JSON object over many
 * lines). What can't be read is told in `findings`, and left out.
 */
export function readObjects(origin: string, text: string, findings: Finding[]): SavedObject[] {
  const file = reporter(findings, { origin, object: 'file', panel: null });
  if (text.length > MAX_BYTES) {
    file.mistake(`The file has more than ${MAX_BYTES} characters.`, 'Export fewer objects into one file.');
    return [];
  }
  const whole = wholeObject(text);
  const lines = whole === null ? linesOf(text) : [];
  if (lines.length > MAX_OBJECTS) {
    file.mistake(`The file has more than ${MAX_OBJECTS} lines.`, 'Export fewer objects into one file.');
    return [];
  }
  if (whole !== null) return objectOf({ value: whole, origin, packaged: true, findings });
  if (lines.length === 0) file.mistake('The file holds no saved object.', 'Export at least one object into it.');
  return lines.flatMap(line => readLine(`${origin}:${line.number}`, line.text, findings));
}

/** The value of a file that is one JSON object over many lines, else null. */
function wholeObject(text: string): Fields | null {
  if (!/^\s*\{\s*[\r\n]/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function linesOf(text: string): Array<{ number: number; text: string }> {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.trim() }))
    .filter(line => line.text !== '');
}

function readLine(origin: string, line: string, findings: Finding[]): SavedObject[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    const place = reporter(findings, { origin, object: 'line', panel: null });
    place.mistake(`The line is not JSON: ${(error as Error).message}.`, 'Write one JSON object a line.');
    return [];
  }
  // The last line of Kibana's own exports counts what was exported.
  if (isFields(value) && 'exportedCount' in value && !('type' in value)) return [];
  return objectOf({ value, origin, packaged: false, findings });
}

interface Read {
  value: unknown;
  origin: string;
  packaged: boolean;
  findings: Finding[];
}

function objectOf({ value, origin, packaged, findings }: Read): SavedObject[] {
  const fields: Fields = isFields(value) ? value : {};
  const type = textOf(fields['type']);
  const id = textOf(fields['id']);
  const attributes = fields['attributes'];
  if (type === null || id === null || !isFields(attributes)) {
    const line = reporter(findings, { origin, object: 'line', panel: null });
    const missing = [type ?? 'type', id ?? 'id', isFields(attributes) ? '' : 'attributes'];
    line.mistake(
      `The object lacks ${['type', 'id', 'attributes'].filter((name, index) => missing[index] === name).join(' and ')}.`,
      'Give every line type, id, attributes and references.',
    );
    return [];
  }
  const object = reporter(findings, { origin, object: objectName(type, id, attributes), panel: null });
  checkVersions(type, fields, packaged, object);
  return [{ origin, type, id, attributes, references: referencesOf(fields, packaged, object), packaged }];
}

function referencesOf(fields: Fields, packaged: boolean, report: Reporter): Reference[] {
  const given = fields['references'];
  if (!Array.isArray(given)) {
    if (!packaged) report.mistake('There is no list of references.', 'Write "references": [], even where it is empty.');
    return [];
  }
  const references = listOf(given).flatMap(item => referenceOf(item, report));
  const seen = new Map<string, string>();
  for (const { name, id } of references) {
    const before = seen.get(name);
    if (before === id) report.doubt(`The reference ${name} is there twice.`, 'Take one of them out.');
    else if (before !== undefined)
      report.mistake(`Two references are called ${name}, to ${before} and ${id}.`, 'Give each a name of its own.');
    seen.set(name, id);
  }
  return references;
}

function referenceOf(item: unknown, report: Reporter): Reference[] {
  const fields: Fields = isFields(item) ? item : {};
  const type = textOf(fields['type']);
  const id = textOf(fields['id']);
  const name = textOf(fields['name']);
  if (type !== null && id !== null && name !== null) return [{ type, id, name }];
  report.mistake(`The reference ${shown(item)} lacks its type, id or name.`, 'Give it all three.');
  return [];
}
