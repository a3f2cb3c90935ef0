import { randomUUID } from 'node:crypto';
import { Refused } from './refused.ts';
import { attributesMistake } from './schemas.ts';
import { compareVersions, type KibanaVersion, VERSIONS } from './versions.ts';

export interface StoredObject {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
  references: Array<{ type: string; id: string; name: string }>;
  /** Spaces that have it; an id is one object's in all spaces. */
  namespaces: string[];
  originId?: string;
  created_at: string;
  updated_at: string;
  /** Changes with each write. */
  version: string;
  typeMigrationVersion: string;
  coreMigrationVersion: string;
  managed: boolean;
}

export interface ImportedObject {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
  references?: StoredObject['references'];
  typeMigrationVersion?: string;
  migrationVersion?: Record<string, string>;
  managed?: boolean;
}

type Name = Pick<StoredObject, 'type' | 'id'>;
type ImportError = { type: string } & Record<string, unknown>;

/** `savedObjects.maxImportExportSize`. */
const MOST_OBJECTS = 10_000;
/** Kibana looks for no other missing references (import/lib/validate_references.ts). */
const VALIDATED = ['index-pattern', 'search'];
/** Of these nothing is written, of others the rest is (import/lib/create_saved_objects.ts). */
const RESOLVABLE = ['conflict', 'ambiguous_conflict', 'missing_references'];

/** Kibana's saved objects in memory. The rules, with their sources, are in README.md. */
export class SavedObjectStore {
  version: KibanaVersion;
  readonly #objects = new Map<string, StoredObject>();
  #writes = 0;
  #lastMs = 0;

  constructor(version: KibanaVersion) {
    this.version = version;
  }

  /** What a space has, in no order. */
  all(space: string): StoredObject[] {
    return [...this.#objects.values()].filter(({ namespaces }) => namespaces.includes(space));
  }

  get(space: string, { type, id }: Name): StoredObject | undefined {
    const object = this.#objects.get(key({ type, id }));
    return object?.namespaces.includes(space) === true ? object : undefined;
  }

  import(space: string, objects: readonly ImportedObject[], { overwrite }: { overwrite: boolean }): object {
    if (objects.length > MOST_OBJECTS) throw new Refused(400, `Can't import more than ${MOST_OBJECTS} objects`);
    const repeated = objects.map(key).filter((name, index, names) => names.indexOf(name) < index);
    if (repeated.length > 0) throw new Refused(400, `Non-unique import objects detected: [${repeated.join()}]`);
    const errors = new Map<string, ImportError>();
    for (const object of objects)
      if (!this.#isKnown(object.type)) errors.set(key(object), { type: 'unsupported_type' });
    const collected = objects.filter(object => !errors.has(key(object)));
    for (const object of collected) {
      const references = this.#missing(space, object, objects);
      if (references.length > 0) errors.set(key(object), { type: 'missing_references', references });
    }
    const destinations = this.#destinations(space, collected, { overwrite, errors });
    const hasResolvable = [...errors.values()].some(({ type }) => RESOLVABLE.includes(type));
    const rest = collected.filter(object => !errors.has(key(object)));
    const time = this.#now();
    // Migrations throw for the whole request: nothing was written until then (bulk_create.ts).
    const migrated = rest.map(object => this.#migrate(object));
    if (!hasResolvable) {
      for (const object of migrated) {
        const mistake = attributesMistake(object.type, object.attributes);
        if (mistake === null) this.#create(space, object, { time, destinations });
        else errors.set(key(object), { type: 'unknown', statusCode: 400, error: 'Bad Request', message: mistake });
      }
    }
    const succeeded = rest.filter(object => !errors.has(key(object)));
    return {
      success: errors.size === 0,
      successCount: succeeded.length,
      warnings: [],
      ...(succeeded.length > 0 && { successResults: succeeded.map(object => this.#success(object, destinations)) }),
      ...(errors.size > 0 && {
        errors: objects.flatMap(({ type, id, attributes }) => {
          const error = errors.get(key({ type, id }));
          return error === undefined ? [] : [{ type, id, meta: { title: attributes['title'] }, error }];
        }),
      }),
    };
  }

  /** As lines, sorted by what stands on what, without their spaces. */
  export(space: string, names: readonly Name[]): StoredObject[] {
    const missing = names.filter(name => this.get(space, name) === undefined);
    if (missing.length > 0)
      throw new Refused(400, 'Error fetching objects to export', { objects: missing.map(missed) });
    return names.flatMap(name => this.get(space, name) ?? []);
  }

  referringTo(space: string, types: readonly string[], { type, id }: Name): StoredObject[] {
    return this.all(space).filter(
      object => types.includes(object.type) && object.references.some(one => one.type === type && one.id === id),
    );
  }

  remove(space: string, name: Name, { force }: { force: boolean }): void {
    const object = this.get(space, name);
    if (object === undefined) throw new Refused(404, `Saved object [${name.type}/${name.id}] not found`);
    if (object.namespaces.length > 1 && !force) {
      const advice = 'use the `force` option to delete it anyway';
      throw new Refused(400, `Unable to delete saved object that exists in multiple namespaces, ${advice}`);
    }
    this.#objects.delete(key(name));
  }

  /** A person's change on a page of Kibana: attributes are merged (update.ts). */
  update(space: string, name: Name, attributes: Record<string, unknown>): void {
    const object = this.get(space, name);
    if (object === undefined) throw new Error(`${key(name)} is not in the space ${space}`);
    const changed = { ...object, attributes: { ...object.attributes, ...attributes } };
    this.#objects.set(key(name), { ...changed, updated_at: this.#now(), version: this.#nextVersion() });
  }

  /** A copy of somebody's, as `Copy to space` makes it. */
  copy(name: Name, to: string): string {
    const object = this.#objects.get(key(name));
    if (object === undefined) throw new Error(`${key(name)} is not there`);
    const id = randomUUID();
    const time = this.#now();
    const times = { created_at: time, updated_at: time, version: this.#nextVersion() };
    this.#objects.set(key({ ...name, id }), { ...object, id, namespaces: [to], originId: name.id, ...times });
    return id;
  }

  /** A newer Kibana migrates what is there, and leaves the times of writing as they are. */
  upgrade(version: KibanaVersion): void {
    this.version = version;
    for (const [name, object] of this.#objects) {
      this.#objects.set(name, { ...object, ...this.#migrate(object), version: this.#nextVersion() });
    }
  }

  clear(): void {
    this.#objects.clear();
  }

  #isKnown(type: string): boolean {
    return type in VERSIONS[this.version];
  }

  #missing(space: string, object: ImportedObject, objects: readonly ImportedObject[]): Name[] {
    const references = (object.references ?? []).filter(({ type }) => VALIDATED.includes(type));
    const missing = references.filter(
      reference => !objects.some(one => key(one) === key(reference)) && this.get(space, reference) === undefined,
    );
    return missing.map(({ type, id }) => ({ type, id }));
  }

  /** Ids that objects get where they can't have their own, and conflicts, which are errors. */
  #destinations(
    space: string,
    objects: readonly ImportedObject[],
    { overwrite, errors }: { overwrite: boolean; errors: Map<string, ImportError> },
  ): Map<string, string> {
    const destinations = new Map<string, string>();
    for (const object of objects) {
      const holder = this.#objects.get(key(object));
      if (holder?.namespaces.includes(space) === true) {
        if (!overwrite) errors.set(key(object), { type: 'conflict' });
        continue;
      }
      if (holder !== undefined) destinations.set(key(object), randomUUID());
      const copies = this.all(space).filter(({ type, originId }) => type === object.type && originId === object.id);
      const [copy] = copies;
      if (copies.length > 1)
        errors.set(key(object), { type: 'ambiguous_conflict', destinations: copies.map(({ id }) => ({ id })) });
      else if (copy !== undefined && !overwrite) errors.set(key(object), { type: 'conflict', destinationId: copy.id });
      else if (copy !== undefined) destinations.set(key(object), copy.id);
    }
    return destinations;
  }

  #migrate<Given extends ImportedObject>(object: Given): Given & { typeMigrationVersion: string } {
    const latest = (VERSIONS[this.version] as Record<string, string>)[object.type] ?? '';
    const current = object.typeMigrationVersion ?? object.migrationVersion?.[object.type] ?? '';
    if (current !== '' && compareVersions(current, latest) > 0) {
      const known = `when the last known version is [${latest}]`;
      throw new Refused(
        422,
        `Document "${object.id}" belongs to a more recent version of Kibana [${current}] ${known}.`,
      );
    }
    return { ...object, attributes: backfilled(object.type, latest, object.attributes), typeMigrationVersion: latest };
  }

  #create(
    space: string,
    object: ImportedObject & { typeMigrationVersion: string },
    { time, destinations }: { time: string; destinations: ReadonlyMap<string, string> },
  ): void {
    const { type, attributes, references = [], typeMigrationVersion, managed = false } = object;
    const destination = destinations.get(key(object));
    const id = destination ?? object.id;
    const before = this.#objects.get(key({ type, id }));
    const originId = destination === undefined ? before?.originId : object.id;
    this.#objects.set(key({ type, id }), {
      type,
      id,
      attributes,
      references: references.map(reference => ({ ...reference, id: destinations.get(key(reference)) ?? reference.id })),
      namespaces: before?.namespaces ?? [space],
      ...(originId !== undefined && { originId }),
      // Both, as if it had not been there before (bulk_create.ts).
      created_at: time,
      updated_at: time,
      version: this.#nextVersion(),
      typeMigrationVersion,
      coreMigrationVersion: '8.8.0',
      managed,
    });
  }

  #success(object: ImportedObject, destinations: ReadonlyMap<string, string>): object {
    const destinationId = destinations.get(key(object));
    const meta = { title: object.attributes['title'] };
    return {
      type: object.type,
      id: object.id,
      meta,
      managed: false,
      ...(destinationId !== undefined && { destinationId }),
    };
  }

  #now(): string {
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    return new Date(this.#lastMs).toISOString();
  }

  /** `encodeHitVersion`: sequence number and primary term. */
  #nextVersion(): string {
    this.#writes += 1;
    return Buffer.from(JSON.stringify([this.#writes, 1])).toString('base64');
  }
}

function key({ type, id }: Name): string {
  return `${type}:${id}`;
}

function missed({ type, id }: Name): object {
  const message = `Saved object [${type}/${id}] not found`;
  return { id, type, error: { statusCode: 404, error: 'Not Found', message } };
}

/** From 10.6.0 on what a saved search has is in a tab of it, too (saved_search/common/service/extract_tabs.ts). */
function backfilled(type: string, latest: string, attributes: Record<string, unknown>): Record<string, unknown> {
  if (type !== 'search' || compareVersions(latest, '10.6.0') < 0 || 'tabs' in attributes) return attributes;
  const { title: _title, description: _description, ...tab } = attributes;
  return { ...attributes, tabs: [{ id: randomUUID(), label: 'Untitled', attributes: tab }] };
}
