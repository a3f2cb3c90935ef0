import { rowRecord } from '../batch/batch.ts';
import { XmlRows } from '../extract/xml/xml-rows.ts';
import { isFeature } from '../extract/json/layout.ts';
import { JsonRows } from '../extract/json/json-rows.ts';
import { SyntaxFault } from '../extract/syntax-fault.ts';

/**
 * A record of a file that is no delimited text, by its raw text: a JSON object, or an element of XML. null where it is
 * neither.
 */
export function parseRecord(raw: string): Record<string, unknown> | null {
  return raw.trimStart().startsWith('<') ? parseElement(raw.trim()) : parseObject(raw);
}

/** By the names of columns that the reader gives, with numbers as they are written. */
function parseObject(raw: string): Record<string, unknown> | null {
  const value = parseJson(raw);
  if (value === null) return null;
  const bytes = Buffer.from(raw.trim());
  const rows = new JsonRows({ isFeatures: isFeature(value) });
  rows.builder.restart(bytes, bytes.length);
  rows.add(bytes, 0, bytes.length, 1);
  const batch = rows.builder.take();
  return batch.rows === 1 ? rowRecord(batch, 0) : null;
}

/** A JSON object, null for anything else. */
export function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By the names of columns that the reader gives. */
function parseElement(raw: string): Record<string, unknown> | null {
  const bytes = Buffer.from(raw);
  const rows = new XmlRows();
  rows.builder.restart(bytes, bytes.length);
  try {
    if (rows.add(bytes, 0, bytes.length, 1) !== bytes.length) return null;
  } catch (error) {
    if (error instanceof SyntaxFault) return null;
    throw error;
  }
  const batch = rows.builder.take();
  return batch.rows === 1 ? rowRecord(batch, 0) : null;
}
