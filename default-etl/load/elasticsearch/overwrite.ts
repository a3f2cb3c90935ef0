import { Superseded } from '../../contract/failure.ts';
import { type Connection, Refusal } from './connection.ts';
import { indexBody, type IndexPlan, indicesBehind } from './index-setup.ts';
import { composedBody } from './index-template.ts';
import { QuietIndex } from './quiet-index.ts';

/** In `_meta` of the mapping of an index that is built so: the alias it is built for. */
const MARK = 'orchestrator_alias';
const READERS_DEADLINE_MS = 5_000;

interface SearchStats {
  query_current?: number;
  fetch_current?: number;
  open_contexts?: number;
}

interface BuildingPlan extends Pick<IndexPlan, 'mappings' | 'types'> {
  /** Size of the file whose rows the index gets. */
  sourceBytes: number;
}

/**
 * LOAD.overwrite: a new index is built beside the old one, then the alias moves to it in one request: a reader sees all
 * of the old or all of the new (rule 11). The old one goes once nobody reads it: removed in the same request, it would
 * fail the searches that were on their way to it (503). An index that has the alias's own name must go in that request.
 */
export class Overwrite {
  /** Name of the index that is being built. */
  readonly building: string;
  private readonly connection: Connection;
  private readonly quiet: QuietIndex;
  private readonly alias: string;
  private readonly version: number;
  /** LOAD.aliases: they move together with it. */
  private readonly otherAliases: readonly string[];

  constructor(connection: Connection, alias: string, version: number, otherAliases: readonly string[] = []) {
    this.connection = connection;
    this.alias = alias;
    this.version = version;
    this.otherAliases = otherAliases;
    this.building = `${alias}-${version}`;
    this.quiet = new QuietIndex(connection, this.building);
  }

  /** Removes what a crash left over and makes the new index. Throws Superseded where the alias is at a newer version. */
  async begin({ mappings, types, sourceBytes }: BuildingPlan): Promise<void> {
    const current = await indicesBehind(this.connection, this.alias);
    this.assertNewer(current);
    // An attempt before this one got as far as moving the alias: its rows are simply sent again.
    if (current.includes(this.building)) return;
    await this.removeAllBut(current);
    const mark = { [MARK]: this.alias };
    const plan = { name: this.building, mappings, types, aliases: [] };
    const whole = await composedBody(this.connection, this.building, indexBody(plan), mappings);
    const body = { ...whole, mappings: { ...whole.mappings, _meta: mark } };
    const path = `/${encodeURIComponent(this.building)}`;
    await this.unlessDone(this.connection.request({ method: 'PUT', path, body }), () => this.built());
    await this.quiet.begin(sourceBytes);
  }

  /** Moves the alias. */
  async finish(): Promise<void> {
    await this.quiet.end();
    await this.connection.request({ method: 'POST', path: `/${encodeURIComponent(this.building)}/_refresh` });
    const current = await indicesBehind(this.connection, this.alias);
    if (!current.includes(this.building)) await this.moveAlias(current);
    // rule 11: the old index goes
    await this.removeAllBut([this.building]);
  }

  private async moveAlias(from: readonly string[]): Promise<void> {
    this.assertNewer(from);
    const removals = from.map(index =>
      index === this.alias
        ? { remove_index: { index } }
        : { remove: { index, aliases: [this.alias, ...this.otherAliases], must_exist: false } },
    );
    const aliases = [this.alias, ...this.otherAliases];
    // rule 11: the alias leaves the old index in the same request
    const actions = [{ add: { index: this.building, aliases } }, ...removals];
    const moved = this.connection.request({ method: 'POST', path: '/_aliases', body: { actions } });
    await this.unlessDone(moved, () => indicesBehind(this.connection, this.alias));
  }

  /**
   * What was done, but whose answer was lost, is refused when it is sent once more. `where`: what names the new index
   * once it is done.
   */
  private async unlessDone(request: Promise<unknown>, where: () => Promise<string[]>): Promise<void> {
    try {
      await request;
    } catch (error) {
      if (!(error instanceof Refusal) || !(await where()).includes(this.building)) throw error;
    }
  }

  /**
   * Removes the new index: the old one stays. One that the alias is at already, from an attempt that ended too early,
   * stays too.
   */
  async abandon(): Promise<void> {
    const current = await indicesBehind(this.connection, this.alias);
    if (!current.includes(this.building)) await this.remove(this.building);
  }

  /** Indices that were built for this alias: by their mark, as `sales-2024` may be somebody's own. */
  private async built(): Promise<string[]> {
    const path = `/${encodeURIComponent(this.alias)}-*/_mapping`;
    const found = await this.connection.json<Record<string, { mappings: { _meta?: Record<string, unknown> } }>>({
      method: 'GET',
      path,
    });
    return Object.keys(found).filter(index => found[index]?.mappings._meta?.[MARK] === this.alias);
  }

  private async removeAllBut(kept: readonly string[]): Promise<void> {
    for (const index of await this.built()) {
      if (kept.includes(index) || versionOf(this.alias, index) > this.version) continue;
      await this.awaitReaders(index);
      await this.remove(index);
    }
  }

  /** Resolves when no search is on its way in the index, or after 5 s. */
  private async awaitReaders(index: string): Promise<void> {
    const path = `/${encodeURIComponent(index)}/_stats/search`;
    for (const deadline = performance.now() + READERS_DEADLINE_MS; performance.now() < deadline; ) {
      await this.connection.pause(100);
      const answer = await this.connection.request({ method: 'GET', path, ignore: [404] });
      if (answer.status === 404) return;
      const { _all } = JSON.parse(answer.text) as { _all: { total: { search?: SearchStats } } };
      const { query_current = 0, fetch_current = 0, open_contexts = 0 } = _all.total.search ?? {};
      if (query_current + fetch_current + open_contexts === 0) return;
    }
  }

  private assertNewer(current: readonly string[]): void {
    const newest = newestBuilt(this.alias, current);
    // rule 11: the alias moves only to a newer version
    if (newest <= this.version) return;
    throw new Superseded(
      newest,
      `${this.alias} is at version ${newest}, newer than ${this.version}: nothing was changed`,
    );
  }

  private async remove(index: string): Promise<void> {
    await this.connection.request({ method: 'DELETE', path: `/${encodeURIComponent(index)}`, ignore: [404] });
  }
}

/** Version of the newest of these indices that was built for the alias; 0 where none was. */
export function newestBuilt(alias: string, indices: readonly string[]): number {
  return Math.max(0, ...indices.map(index => versionOf(alias, index)));
}

/** The version in the name of an index that was built so; 0 for any other. */
function versionOf(alias: string, index: string): number {
  const suffix = index.startsWith(`${alias}-`) ? index.slice(alias.length + 1) : '';
  return /^\d+$/.test(suffix) ? Number(suffix) : 0;
}
