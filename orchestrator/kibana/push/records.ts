import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { codeOf, OrchestratorError } from '../../errors.ts';
import { Folder } from '../../files/folder.ts';
import { readText } from '../../files/read.ts';
import { keyOf, type ObjectName } from './client.ts';

/** What is known of an object that was pushed. */
export interface PushedObject extends ObjectName {
  title: string;
  /** The id that it has there: another one where another space had ours. */
  at: string;
  /** Of the dashboards that stand on it. */
  keys: string[];
  /** madeHash() of what was pushed last; null: it is not known whether anything arrived. */
  made: string | null;
  /** contentHash() of what Kibana gave back then. */
  given: string | null;
  /** Of what it gave back, as it writes it. */
  updatedAt: string | null;
  /**
   * An import that was begun and of which the end is not known: madeHash() of what it writes, and when it was begun by
   * Kibana's clock, in milliseconds since 1970-01-01 UTC.
   */
  begun?: { made: string; at: number };
}

/** Of all objects, by keyOf(). */
export type Records = ReadonlyMap<string, PushedObject>;

const FOLDER = 'kibana';
const FORMAT = 1;
/** Of 100,000 objects. */
const LONGEST_BYTES = 64 << 20;

/**
 * What was pushed to one space of one Kibana, in DATA_DIR/kibana/. A change is on disk when it resolves, and nobody
 * sees half of it.
 */
export class PushRecords {
  readonly #dataDir: string;
  readonly #place: { kibana: string; space: string };
  readonly #file: string;

  constructor(dataDir: string, { url, space }: Pick<KibanaSettings, 'url' | 'space'>) {
    this.#dataDir = dataDir;
    this.#place = { kibana: url, space };
    this.#file = `${createHash('sha256').update(`${url}\0${space}`).digest('hex').slice(0, 16)}.json`;
  }

  /** Throws an OrchestratorError (`never`) where the file is there and is none of ours. */
  async all(): Promise<Records> {
    return (await Folder.useNow(this.#dataDir, folder => this.#read(folder))) ?? new Map();
  }

  /** `gone`: of which nothing is known any more. Others' changes since all() stay. */
  async change({
    known = [],
    gone = [],
  }: {
    known?: readonly PushedObject[];
    gone?: readonly ObjectName[];
  }): Promise<void> {
    if (known.length + gone.length === 0) return;
    await Folder.useNow(this.#dataDir, async dataDir => {
      const records = new Map(await this.#read(dataDir));
      for (const record of known) records.set(keyOf(record), record);
      for (const name of gone) records.delete(keyOf(name));
      const text = JSON.stringify({ format: FORMAT, ...this.#place, objects: [...records.values()] });
      const folder = await dataDir.makeFolder(FOLDER);
      try {
        await folder.replace(this.#file, `${text}\n`);
        await folder.sync();
      } finally {
        await folder.close();
      }
    });
  }

  async #read(dataDir: Folder): Promise<Records | undefined> {
    const path = join(FOLDER, this.#file);
    try {
      return parse(await readText(dataDir, path, LONGEST_BYTES));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      const where = join(this.#dataDir, path);
      const message = `${where}, which says what was pushed to Kibana, can't be read; remove it, and what is there is only overwritten by orchestrator kibana push --force`;
      throw new OrchestratorError('never', message, { cause: error });
    }
  }
}

function parse(text: string): Records {
  const { format, objects } = JSON.parse(text) as { format: unknown; objects: PushedObject[] };
  if (format !== FORMAT || !Array.isArray(objects)) throw new Error(`it has the format ${String(format)}`);
  if (!objects.every(isRecord)) throw new Error('it is damaged');
  return new Map(objects.map(record => [keyOf(record), record]));
}

function isRecord({ type, id, title, at, keys }: Partial<PushedObject>): boolean {
  return [type, id, title, at].every(text => typeof text === 'string') && Array.isArray(keys);
}
