import type { Fields } from './json.ts';

export interface Reference {
  type: string;
  id: string;
  name: string;
}

/** A saved object as it was read, with what Kibana's import looks at beside its attributes. */
export interface SavedObject {
  origin: string;
  type: string;
  id: string;
  attributes: Fields;
  references: Reference[];
  /** True for one of a package of Elastic Agent: there JSON strings may be written as JSON. */
  packaged: boolean;
}

/** `dashboard "Flights"`. */
export function objectName(type: string, id: string, attributes: Fields): string {
  const title = attributes['name'] ?? attributes['title'];
  return `${type} "${typeof title === 'string' && title !== '' ? title : id}"`;
}

/** The key of an object in maps. */
export function objectKey(type: string, id: string): string {
  return `${type}:${id}`;
}
