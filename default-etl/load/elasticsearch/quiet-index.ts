import { type Connection, Refusal } from './connection.ts';

/** Files of this size and more: of smaller ones the two requests cost more than they save. */
const BIG_BYTES = 32 << 20;
/** Nobody reads the index: its rows need not be found before it is whole, nor be indexed by each copy. */
const QUIET = {
  'index.refresh_interval': '-1',
  'index.auto_expand_replicas': false,
  'index.number_of_replicas': 0,
};
/** Elasticsearch is asked for so long at a time, as a request may not be without an answer for longer than two minutes. */
const WAIT = { wait_for_no_initializing_shards: 'true', wait_for_events: 'languid', timeout: '60s' };
const COPIES_DEADLINE_MS = 600_000;

/** What the index has; null: it says nothing, and the default counts. */
type FormerSettings = Record<keyof typeof QUIET, string | null>;

/**
 * An index that is built for a large file and read by nobody until then: it is not refreshed, and has no copies, which
 * are made at the end by copying files. Only for one that is removed where a run is killed: what is quiet here would
 * stay so.
 */
export class QuietIndex {
  private readonly connection: Connection;
  private readonly index: string;
  private former: FormerSettings | undefined;

  constructor(connection: Connection, index: string) {
    this.connection = connection;
    this.index = encodeURIComponent(index);
  }

  /** Right after the index was made, for a file of so many bytes. */
  async begin(sourceBytes: number): Promise<void> {
    if (sourceBytes < BIG_BYTES) return;
    const former = await this.settings();
    try {
      await this.connection.request({ method: 'PUT', path: `/${this.index}/_settings`, body: QUIET });
      this.former = former;
    } catch (error) {
      // Only time would have been saved.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** Gives the index back what it had, and waits for copies that are being made of it, 10 min at most. Twice is harmless. */
  async end(): Promise<void> {
    if (!this.former) return;
    // Copies get the files of the last flush; rows that came after it are sent to each and indexed anew, which is what
    // is to be saved.
    await this.connection.request({ method: 'POST', path: `/${this.index}/_flush` });
    await this.connection.request({ method: 'PUT', path: `/${this.index}/_settings`, body: this.former });
    this.former = undefined;
    await this.awaitCopies();
  }

  private async settings(): Promise<FormerSettings> {
    const names = Object.keys(QUIET) as Array<keyof typeof QUIET>;
    const found = await this.connection.json<Record<string, { settings: Partial<FormerSettings> }>>({
      method: 'GET',
      path: `/${this.index}/_settings/${names.join(',')}`,
      query: { flat_settings: 'true' },
    });
    const settings = Object.values(found)[0]?.settings ?? {};
    return Object.fromEntries(names.map(name => [name, settings[name] ?? null])) as FormerSettings;
  }

  /** A user who may not see the health of the cluster (403) does not wait; 408: they are not made yet. */
  private async awaitCopies(): Promise<void> {
    const path = `/_cluster/health/${this.index}`;
    const deadline = performance.now() + COPIES_DEADLINE_MS;
    let isWaiting = true;
    while (isWaiting && performance.now() < deadline) {
      const answer = await this.connection.request({ method: 'GET', path, query: WAIT, ignore: [403, 408] });
      isWaiting = answer.status === 408;
    }
  }
}
