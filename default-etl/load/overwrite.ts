import { Superseded } from '../failure.ts';
import type { Connection } from './connection.ts';
import { putTemplate } from './index-setup.ts';

/**
 * LOAD.overwrite: a new index is built beside the old one, then the alias moves to it and the old one goes, in one request: a
 * reader sees all of the old or all of the new (rule 11).
 */
export class Overwrite {
  /** Name of the index that is being built. */
  readonly building: string;
  private readonly connection: Connection;
  private readonly alias: string;
  private readonly version: number;
  private readonly mappings: Record<string, unknown> | undefined;

  constructor(connection: Connection, alias: string, version: number, mappings: Record<string, unknown> | undefined) {
    this.connection = connection;
    this.alias = alias;
    this.version = version;
    this.mappings = mappings;
    this.building = `${alias}-${version}`;
  }

  /** Removes what a crash left over and makes the new index. Throws Superseded where the alias is at a newer version. */
  async begin(): Promise<void> {
    const current = await this.current();
    this.assertNewer(current);
    // An attempt before this one got as far as moving the alias: its rows are simply sent again.
    if (current.includes(this.building)) return;
    for (const index of await this.built()) {
      if (!current.includes(index) && this.versionOf(index) <= this.version) await this.remove(index);
    }
    await putTemplate(this.connection, { name: this.building, mappings: this.mappings });
    const path = `/${encodeURIComponent(this.building)}`;
    await this.connection.request({ method: 'PUT', path });
    await this.connection.request({
      method: 'DELETE',
      path: `/_index_template/orchestrator-${this.building}`,
      ignore: [404],
    });
  }

  /** Moves the alias. */
  async finish(): Promise<void> {
    await this.connection.request({ method: 'POST', path: `/${encodeURIComponent(this.building)}/_refresh` });
    const current = await this.current();
    if (current.includes(this.building)) return;
    this.assertNewer(current);
    await this.connection.request({
      method: 'POST',
      path: '/_aliases',
      body: {
        actions: [
          { add: { index: this.building, alias: this.alias } },
          ...current.map(index => ({ remove_index: { index } })),
        ],
      },
    });
  }

  /** Removes the new index: the old one stays. */
  async abandon(): Promise<void> {
    await this.remove(this.building);
  }

  /** Indices that the alias names; the one that has the name itself where it is no alias yet. */
  private async current(): Promise<string[]> {
    const answer = await this.connection.request({
      method: 'GET',
      path: `/${encodeURIComponent(this.alias)}/_alias`,
      ignore: [404],
    });
    return answer.status === 404 ? [] : Object.keys(JSON.parse(answer.text) as object);
  }

  private async built(): Promise<string[]> {
    const path = `/${encodeURIComponent(this.alias)}-*/_alias`;
    const indices = Object.keys(await this.connection.json<object>({ method: 'GET', path }));
    return indices.filter(index => this.versionOf(index) > 0);
  }

  private assertNewer(current: readonly string[]): void {
    const newest = Math.max(0, ...current.map(index => this.versionOf(index)));
    if (newest <= this.version) return;
    throw new Superseded(
      newest,
      `${this.alias} is at version ${newest}, newer than ${this.version}: nothing was changed`,
    );
  }

  /** The version in the name of an index that was built so; 0 for any other. */
  private versionOf(index: string): number {
    const suffix = index.startsWith(`${this.alias}-`) ? index.slice(this.alias.length + 1) : '';
    return /^\d+$/.test(suffix) ? Number(suffix) : 0;
  }

  private async remove(index: string): Promise<void> {
    await this.connection.request({ method: 'DELETE', path: `/${encodeURIComponent(index)}`, ignore: [404] });
  }
}
