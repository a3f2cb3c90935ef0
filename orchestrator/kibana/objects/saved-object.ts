/** An object of Kibana's, as its import takes it (`POST /api/saved_objects/_import`). */
export interface SavedObject {
  type: ObjectType;
  /** UUIDv5. */
  id: string;
  attributes: Record<string, unknown>;
  references: Reference[];
  typeMigrationVersion: string;
  coreMigrationVersion: string;
  managed: boolean;
}

export type ObjectType = 'tag' | 'index-pattern' | 'search' | 'dashboard';

/** Another object that one stands on. Names are prescribed by who reads them. */
export interface Reference {
  type: ObjectType;
  id: string;
  name: string;
}

/** An object with the versions of its type. */
export function savedObject(
  type: ObjectType,
  id: string,
  attributes: Record<string, unknown>,
  references: readonly Reference[] = [],
): SavedObject {
  return {
    type,
    id,
    attributes,
    references: [...references],
    typeMigrationVersion: VERSIONS[type],
    coreMigrationVersion: CORE_VERSION,
    managed: false,
  };
}

const VERSIONS: Readonly<Record<ObjectType, string>> = {
  tag: '8.0.0',
  'index-pattern': '8.0.0',
  search: '10.5.0',
  dashboard: '10.2.0',
};
const CORE_VERSION = '8.8.0';
