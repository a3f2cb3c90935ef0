import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { Folder } from '../../files/folder.ts';
import { readText } from '../../files/read.ts';
import type { ShownDataset } from '../links/links.ts';
import { keyOf } from './client.ts';
import type { Records } from './records.ts';

const FOLDER = 'kibana';
const LONGEST_BYTES = 16 << 20;

/** What links to Kibana are made of, in memory and in DATA_DIR/kibana/, so that they are there after a start, too. */
export class ShownDatasets {
  readonly #dataDir: string;
  readonly #file: string;
  #shown: ReadonlyMap<string, ShownDataset> = new Map();

  constructor(dataDir: string, { url, space }: Pick<KibanaSettings, 'url' | 'space'>) {
    this.#dataDir = dataDir;
    this.#file = `${createHash('sha256').update(`${url}\0${space}`).digest('hex').slice(0, 16)}-shown.json`;
  }

  of(dataset: string): ShownDataset | null {
    return this.#shown.get(dataset) ?? null;
  }

  /** What can't be read is made anew. */
  async load(): Promise<void> {
    try {
      const text = await Folder.useNow(this.#dataDir, folder =>
        readText(folder, join(FOLDER, this.#file), LONGEST_BYTES),
      );
      this.#shown = new Map(JSON.parse(text) as Array<[string, ShownDataset]>);
    } catch {
      this.#shown = new Map();
    }
  }

  /** `found` has our ids; those that Kibana gave are in the records. */
  async change(found: ReadonlyMap<string, ShownDataset>, gone: readonly string[], records: Records): Promise<void> {
    const shown = new Map(this.#shown);
    for (const dataset of gone) shown.delete(dataset);
    for (const [dataset, one] of found) {
      const [dashboard, view] = [
        records.get(keyOf({ type: 'dashboard', id: one.dashboard })),
        records.get(keyOf({ type: 'index-pattern', id: one.view })),
      ];
      if (dashboard === undefined || view === undefined) shown.delete(dataset);
      else shown.set(dataset, { ...one, dashboard: dashboard.at, view: view.at });
    }
    const text = JSON.stringify([...shown]);
    if (text === JSON.stringify([...this.#shown])) return;
    this.#shown = shown;
    await Folder.useNow(this.#dataDir, async dataDir => {
      const folder = await dataDir.makeFolder(FOLDER);
      try {
        await folder.replace(this.#file, text, { isSynced: false });
      } finally {
        await folder.close();
      }
    });
  }
}
