import type { Reporter } from '../finding.ts';
import { isFields } from '../json.ts';

/**
 * The value of an attribute that is a JSON string, or undefined where it can't be had; that is told. In packages the
 * value may be written as JSON itself.
 */
export function embedded(value: unknown, name: string, packaged: boolean, report: Reporter): unknown {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    if (packaged && (isFields(value) || Array.isArray(value))) return value;
    report.mistake(`${name} is not a string.`, 'Write it as a JSON string: Kibana keeps it as text.');
    return undefined;
  }
  if (value === '') return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch (error) {
    report.mistake(`${name} is not valid JSON: ${(error as Error).message}.`, 'Write it by JSON.stringify.');
    return undefined;
  }
}
