import { Client } from '@elastic/elasticsearch';
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Decision, parseMessage } from '../../../default-etl/contract/contract.ts';
import { load, temporaryFolder, TestIndex } from '../../../default-etl/testing/load.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { DashboardSettings } from '../../config/dashboard-schema.ts';
import type { LoadSettings } from '../../config/load-schema.ts';
import { type DatasetDashboard, dashboardOf } from '../dashboard-of.ts';
import { type Bounds, USUAL_BOUNDS } from '../facts/server.ts';

export interface ToLoad {
  /** Its ending says the format. */
  name?: string;
  content: string | Buffer;
  load?: Partial<LoadSettings>;
  extract?: object;
  transform?: Array<string | Record<string, unknown>>;
  /** Of several files of a dataset each has its own. */
  fileKey?: string;
}

/** Other tests run at the same time. */
const PATIENT: Bounds = { ...USUAL_BOUNDS, requests: 200, allMs: 300_000, searchMs: 60_000 };

export const NOW = Date.parse('2026-11-30T12:00:00Z');

/** A dataset whose files the real ETL loads into the real Elasticsearch. */
export class LoadedDataset {
  readonly index: TestIndex;
  readonly client: Client;
  decisions: Decision[] = [];
  #dataset: Dataset | undefined;
  readonly #context: TestContext;

  constructor(context: TestContext) {
    this.index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
    this.client = new Client({ node: this.index.node });
    this.#context = context;
    context.after(() => this.client.close());
  }

  async load({ name = 'in.csv', content, load: options = {}, extract, transform, fileKey }: ToLoad): Promise<void> {
    const settings = { target: 'elasticsearch', ...options };
    const more = {
      ...(extract && { EXTRACT: JSON.stringify(extract) }),
      ...(transform && { TRANSFORM: JSON.stringify(transform) }),
      ...(fileKey && { FILE_KEY: fileKey }),
    };
    const ran = await load({
      folder: temporaryFolder(this.#context),
      name,
      content,
      env: this.index.env(5, more, settings),
      said: line => this.#hear(line),
    });
    assert.equal(ran.code, 0, ran.error);
    const LOAD = { index: this.index.name, ...settings };
    this.#dataset = { name: 'sales', settings: { LOAD, TRANSFORM: transform ?? ['minimal'] } } as unknown as Dataset;
  }

  async dashboard(
    dashboard: DashboardSettings | boolean = {},
    { client = this.client, ...more }: { client?: Client; bounds?: Bounds; hasRuns?: boolean } = {},
  ): Promise<DatasetDashboard> {
    const found = await this.maybeDashboard(dashboard, { client, ...more });
    assert.ok(found);
    return found;
  }

  async maybeDashboard(
    dashboard: DashboardSettings | boolean,
    {
      client = this.client,
      hasRuns = true,
      bounds = PATIENT,
    }: { client?: Client; bounds?: Bounds; hasRuns?: boolean } = {},
  ): Promise<DatasetDashboard | null> {
    assert.ok(this.#dataset, 'load() comes first');
    const { settings } = this.#dataset;
    const dataset = { ...this.#dataset, settings: { ...settings, LOAD: { ...settings.LOAD, dashboard } } };
    const { decisions } = this;
    return await dashboardOf(dataset, { client, decisions, hasRuns, now: NOW, bounds });
  }

  #hear(line: string): void {
    const message = parseMessage(line);
    if (message?.type === 'decided') this.decisions = message.decisions;
  }
}

/** What the dashboard of one file is. */
export async function planned(
  context: TestContext,
  file: ToLoad,
  settings: DashboardSettings = {},
): Promise<DatasetDashboard> {
  const dataset = new LoadedDataset(context);
  await dataset.load(file);
  return await dataset.dashboard(settings);
}
