import type { SavedObject } from '../objects/saved-object.ts';
import { inOrder } from '../objects/saved-objects.ts';
import { toNdjson } from '../objects/ndjson.ts';
import { type FoundObject, type Imported, keyOf, type ObjectName } from './client.ts';
import { contentHash, madeHash } from './content.ts';
import { type Decision, decide, decideRemoval, type Situation } from './decide.ts';
import type { Outcome, Result } from './outcome.ts';
import type { PushContext, PushRequest, WantedDashboard } from './push.ts';
import type { PushedObject, Records } from './records.ts';
import { KibanaRefusal } from './refusal.ts';

/** Objects that are looked for to tell a new Kibana from one where people removed some. */
const MOST_LOOKED_FOR = 20;
const OF_CONTENT = [400, 413, 422];
/** From here on it is not known whether anything was written. */
const SERVER_ERROR = 500;

interface Step {
  object: SavedObject;
  decision: Decision;
}

/** One push, dashboards by turns. */
export class PushRun {
  readonly #request: PushRequest;
  readonly #context: PushContext;
  readonly #records: Map<string, PushedObject>;
  /** Our ids of what has another one there, by keyOf() of that. */
  readonly #moved = new Map<string, string>();
  readonly #keysOf: (object: ObjectName) => string[];
  /** Whether nothing of what was pushed is there any more, as in a Kibana that was set up anew; undefined: not asked yet. */
  #isNew: boolean | undefined;

  static async begin(request: PushRequest, context: PushContext): Promise<PushRun> {
    return new PushRun(request, context, await context.records.all());
  }

  private constructor(request: PushRequest, context: PushContext, records: Records) {
    this.#request = request;
    this.#context = context;
    this.#records = new Map(records);
    for (const record of records.values()) this.#noteMove(record);
    this.#keysOf = this.#keysAfter();
  }

  /** Writes all that some dashboards stand on, in one import. */
  async write(wanted: readonly WantedDashboard[]): Promise<Outcome[]> {
    const objects = inOrder(wanted.flatMap(dashboard => dashboard.objects));
    const keysOf = this.#keysOf;
    const { found, servedAt } = await this.#look(objects);
    await this.#forgetWhereNew(objects, found);
    const steps = this.#steps(objects, found);
    const refused =
      this.#request.dryRun === true ? new Map<string, string>() : await this.#import(steps, { keysOf, at: servedAt });
    if (this.#request.dryRun !== true) await this.#takeOver(steps, found, keysOf);
    return steps.map(({ object, decision }) => {
      const why = refused.get(keyOf(object));
      const outcome = why === undefined ? resultOf(decision) : { result: 'refused' as const, why };
      return { ...nameOf(object), title: titleOf(object), keys: keysOf(object), ...outcome };
    });
  }

  /** Removes what was pushed and is not wanted any more, and nobody changed or uses. */
  async removeWhatIsGone(): Promise<Outcome[]> {
    const gone = this.#unwanted();
    const { found } = await this.#look(gone);
    const outcomes: Outcome[] = [];
    // Dashboards come first: what they stand on is used until they are gone.
    for (const record of gone.toSorted((a, b) => rankOf(a) - rankOf(b))) {
      const outcome = await this.#remove(record, found.get(keyOf(record)));
      if (outcome !== null) outcomes.push(outcome);
    }
    return outcomes;
  }

  async #look(objects: readonly ObjectName[]): Promise<{ found: Map<string, FoundObject>; servedAt: number }> {
    const { kibana, clock } = this.#context;
    const { found, servedAt } = await kibana.read(objects.map(object => ({ type: object.type, id: this.#at(object) })));
    return {
      found: new Map(
        found.map(object => [keyOf({ type: object.type, id: this.#ours(object.type, object.id) }), object]),
      ),
      servedAt: servedAt ?? clock.now(),
    };
  }

  /** What people removed stays removed; but where nothing is left at all, the Kibana is a new one. */
  async #forgetWhereNew(objects: readonly SavedObject[], found: ReadonlyMap<string, FoundObject>): Promise<void> {
    const known = objects.filter(object => this.#records.has(keyOf(object)));
    if (known.length === 0 || known.some(object => found.has(keyOf(object)))) return;
    const some = [...this.#records.values()].filter(({ made }) => made !== null).slice(0, MOST_LOOKED_FOR);
    this.#isNew ??= (await this.#look(some)).found.size === 0;
    if (this.#isNew) for (const object of known) this.#records.delete(keyOf(object));
  }

  #steps(objects: readonly SavedObject[], found: ReadonlyMap<string, FoundObject>): Step[] {
    const steps = objects.map(object => ({
      object,
      decision: decide(object, this.#situation(object, found.get(keyOf(object)))),
    }));
    const needed = neededBy(steps);
    return steps.map(({ object, decision }) => {
      const isMissed = decision.act === 'keep' && decision.isRemoved && needed.has(keyOf(object));
      return { object, decision: isMissed ? { act: 'create' } : decision };
    });
  }

  #situation(name: ObjectName, found: FoundObject | undefined): Situation {
    return {
      record: this.#records.get(keyOf(name)),
      found,
      content: found === undefined ? null : contentHash(found, this.#ours),
      force: this.#request.force === true,
    };
  }

  /** Resolves with why objects were refused, by keyOf(). */
  async #import(
    steps: readonly Step[],
    { keysOf, at }: { keysOf(object: ObjectName): string[]; at: number },
  ): Promise<Map<string, string>> {
    const of = (act: Decision['act']) =>
      steps.filter(({ decision }) => decision.act === act).map(({ object }) => object);
    const [created, updated] = [of('create'), of('update')];
    // Before anything is sent: after a kill it is known that a change may be ours.
    await this.#note(
      [...created, ...updated].map(object => ({
        ...this.#recordOf(object, keysOf(object)),
        begun: { made: madeHash(object), at },
      })),
    );
    const isAlone = steps.filter(({ object }) => object.type === 'dashboard').length <= 1;
    const force = this.#request.force === true;
    return new Map([
      ...(await this.#send(created, { overwrite: force, isAlone })),
      ...(await this.#send(updated, { overwrite: true, isAlone })),
    ]);
  }

  /** As #import(). `isAlone`: a refusal of all can be due to no other dashboard. */
  async #send(
    objects: readonly SavedObject[],
    { overwrite, isAlone }: { overwrite: boolean; isAlone: boolean },
  ): Promise<Map<string, string>> {
    if (objects.length === 0) return new Map();
    let imported: Imported;
    try {
      imported = await this.#context.kibana.import(toNdjson(this.#asThere(objects)), { overwrite });
    } catch (error) {
      if (!(error instanceof KibanaRefusal && error.status < SERVER_ERROR)) throw error;
      await this.#noteNothingBegun(objects);
      if (!OF_CONTENT.includes(error.status) || !isAlone) throw error;
      return new Map(objects.map(object => [keyOf(object), error.message]));
    }
    const written = imported.written.map(name => ({ ...name, id: this.#ours(name.type, name.id) }));
    await this.#noteArrived(written);
    const arrived = new Set(written.map(keyOf));
    const untold = objects.filter(object => !arrived.has(keyOf(object)));
    return new Map([
      ...untold.map(object => [keyOf(object), 'it does not tell what became of it'] as const),
      ...imported.refused.map(({ type, id, why }) => [keyOf({ type, id: this.#ours(type, id) }), why] as const),
    ]);
  }

  /** Of an import that was refused as a whole: what an import writes after it is somebody else's. */
  async #noteNothingBegun(objects: readonly SavedObject[]): Promise<void> {
    await this.#note(
      objects.flatMap(object => {
        const { begun, ...record } = this.#records.get(keyOf(object)) ?? {};
        return begun === undefined ? [] : [record as PushedObject];
      }),
    );
  }

  /** What Kibana made of it, which may be another thing than was sent: it is what a person's change is told from. */
  async #noteArrived(arrived: ReadonlyArray<ObjectName & { at: string }>): Promise<void> {
    for (const { type, id, at } of arrived) {
      const record = this.#records.get(keyOf({ type, id }));
      if (record === undefined) continue;
      this.#records.set(keyOf(record), { ...record, at });
      this.#noteMove({ ...record, at });
    }
    const { found } = await this.#look(arrived);
    await this.#note([...found].flatMap(([key, object]) => this.#landed(key, object) ?? []));
  }

  #landed(key: string, object: FoundObject): PushedObject | undefined {
    const { begun, ...record } = this.#records.get(key) ?? {};
    if (begun === undefined) return undefined;
    const { created_at: writtenAt, updated_at: changedAt } = object;
    // A person was quicker than our question: what is there is no longer what was sent.
    const given = writtenAt === changedAt ? this.#given(object) : { given: null, updatedAt: writtenAt ?? null };
    return { ...(record as PushedObject), made: begun.made, ...given };
  }

  /** What is as it is wanted is known from now on, too, if by another import; and which dashboards stand on what. */
  async #takeOver(
    steps: readonly Step[],
    found: ReadonlyMap<string, FoundObject>,
    keysOf: (object: ObjectName) => string[],
  ): Promise<void> {
    const changed = steps.flatMap(({ object, decision }) => {
      const there = found.get(keyOf(object));
      const record = this.#records.get(keyOf(object));
      if (decision.act === 'same' && there !== undefined) {
        const { begun: _begun, ...known } = this.#recordOf(object, keysOf(object));
        return { ...known, made: madeHash(object), ...this.#given(there) };
      }
      return record === undefined || decision.act !== 'keep' ? [] : { ...record, keys: keysOf(object) };
    });
    await this.#note(
      changed.filter(record => JSON.stringify(record) !== JSON.stringify(this.#records.get(keyOf(record)))),
    );
  }

  #given(object: FoundObject): Pick<PushedObject, 'given' | 'updatedAt'> {
    return { given: contentHash(object, this.#ours), updatedAt: object.updated_at ?? null };
  }

  #recordOf(object: SavedObject, keys: string[]): PushedObject {
    const known = this.#records.get(keyOf(object));
    const unknown = { at: object.id, made: null, given: null, updatedAt: null };
    return { ...unknown, ...known, ...nameOf(object), title: titleOf(object), keys };
  }

  async #note(known: readonly PushedObject[]): Promise<void> {
    for (const record of known) this.#records.set(keyOf(record), record);
    await this.#context.records.change({ known });
  }

  async #remove(record: PushedObject, found: FoundObject | undefined): Promise<Outcome | null> {
    const outcome = (result: Result, why: string | null): Outcome => ({
      ...nameOf(record),
      title: record.title,
      keys: record.keys,
      result,
      why,
    });
    const decision = decideRemoval(this.#situation(record, found));
    if (typeof decision === 'object') return outcome('kept', decision.keep);
    const users = decision === 'remove' ? await this.#usersOf(record) : null;
    if (users !== null) return outcome('kept', users);
    if (this.#request.dryRun !== true) {
      if (decision === 'remove') await this.#context.kibana.remove({ type: record.type, id: record.at });
      this.#records.delete(keyOf(record));
      await this.#context.records.change({ gone: [record] });
    }
    return decision === 'remove' ? outcome('removed', null) : null;
  }

  /** Who else stands on it, as the end of a sentence; null: nobody. */
  async #usersOf(record: PushedObject): Promise<string | null> {
    if (record.type === 'dashboard') return null;
    const gone = new Set(this.#unwanted().map(keyOf));
    const users = await this.#context.kibana.referringTo({ type: record.type, id: record.at });
    const others = users.filter(user => {
      const name = keyOf({ type: user.type, id: this.#ours(user.type, user.id) });
      // In a dry run those that would be removed before are still there.
      return !(this.#request.dryRun === true && gone.has(name));
    });
    const [first] = others;
    if (first === undefined) return null;
    const more = others.length > 1 ? ` and ${others.length - 1} more` : '';
    return `it is used by “${titleOf(first)}”${more}`;
  }

  /** Records of which no dashboard is wanted any more. */
  #unwanted(): PushedObject[] {
    const gone = new Set(this.#request.gone);
    const wanted = new Set(this.#request.wanted.map(({ key }) => key));
    const needed = new Set(this.#request.wanted.flatMap(({ objects }) => objects.map(keyOf)));
    return [...this.#records.values()].filter(
      record => !needed.has(keyOf(record)) && record.keys.every(key => gone.has(key) || wanted.has(key)),
    );
  }

  /** Of the keys of an object those that are known and not decided now, and those that stand on it now. */
  #keysAfter(): (object: ObjectName) => string[] {
    const now = new Map<string, string[]>();
    for (const { key, objects } of this.#request.wanted) {
      for (const object of objects) now.set(keyOf(object), [...(now.get(keyOf(object)) ?? []), key]);
    }
    const decided = new Set([...this.#request.gone, ...this.#request.wanted.map(({ key }) => key)]);
    return object => {
      const others = (this.#records.get(keyOf(object))?.keys ?? []).filter(key => !decided.has(key));
      return [...new Set([...others, ...(now.get(keyOf(object)) ?? [])])].toSorted();
    };
  }

  #at({ type, id }: ObjectName): string {
    return this.#records.get(keyOf({ type, id }))?.at ?? id;
  }

  #noteMove({ type, id, at }: PushedObject): void {
    if (at !== id) this.#moved.set(keyOf({ type, id: at }), id);
  }

  /** Our id of what has an id there. */
  readonly #ours = (type: string, id: string): string => this.#moved.get(keyOf({ type, id })) ?? id;

  #asThere(objects: readonly SavedObject[]): SavedObject[] {
    return objects.map(object => ({
      ...object,
      id: this.#at(object),
      references: object.references.map(reference => ({ ...reference, id: this.#at(reference) })),
    }));
  }
}

/** What dashboards that are there, or will be, stand on, directly or not. */
function neededBy(steps: readonly Step[]): Set<string> {
  const byKey = new Map(steps.map(({ object }) => [keyOf(object), object]));
  const needed = new Set<string>();
  const add = (object: SavedObject): void => {
    for (const reference of object.references) {
      const key = keyOf(reference);
      const referred = byKey.get(key);
      if (needed.has(key) || referred === undefined) continue;
      needed.add(key);
      add(referred);
    }
  };
  for (const { object, decision } of steps) {
    if (object.type === 'dashboard' && !(decision.act === 'keep' && decision.isRemoved)) add(object);
  }
  return needed;
}

function resultOf(decision: Decision): { result: Result; why: string | null } {
  if (decision.act === 'keep') return { result: 'kept', why: decision.why };
  const results = { create: 'created', update: 'updated', same: 'same' } as const;
  return { result: results[decision.act], why: null };
}

function nameOf({ type, id }: ObjectName): ObjectName {
  return { type, id };
}

function titleOf({ attributes, id }: { attributes: Record<string, unknown>; id: string }): string {
  const title = attributes['name'] ?? attributes['title'];
  return typeof title === 'string' ? title.slice(0, 200) : id;
}

function rankOf({ type }: ObjectName): number {
  return ['dashboard', 'search', 'index-pattern', 'tag'].indexOf(type);
}
