import { hostname } from 'node:os';
import type { Client } from '@elastic/elasticsearch';
import type { Clock } from '../clock.ts';
import type { Environment } from '../config/environment.ts';
import { parseDuration } from '../config/units.ts';
import { connectElasticsearch } from '../elasticsearch.ts';
import { FINAL_STATES, type Journal, type Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import type { StreamTemplate } from '../log/stream-template.ts';
import { LOG_TEMPLATE, logTemplate } from '../log/template.ts';
import { logDocuments } from './log-documents.ts';
import type { StreamParts } from './origin.ts';
import { runDocument } from './run-document.ts';
import { Sender } from './sender.ts';
import { type Delays, Shipper, type ShipperOptions } from './shipper.ts';
import { Snapshots } from './snapshots.ts';
import { METRICS_TEMPLATE, metricsTemplate, USUAL_RETENTION } from './template.ts';

export interface TelemetryOptions {
  environment: TelemetrySettings;
  journal: Journal;
  /** Names of the datasets that are configured now. */
  datasets(): ReadonlySet<string>;
  /** The text without what runs of this dataset were given. */
  mask(text: string, dataset: string): string;
  /** Of the orchestrator. */
  version: string;
  clock: Clock;
  logger: Logger;
  /** For tests: other data streams, and shorter delays. */
  namespace?: string;
  delays?: Delays;
  snapshotMs?: number;
}

export type TelemetrySettings = Pick<
  Environment,
  | 'dataDir'
  | 'elasticsearch'
  | 'logElasticsearch'
  | 'logRunsElasticsearch'
  | 'metricsElasticsearch'
  | 'telemetryRetention'
>;

export interface Telemetry {
  /** Tells what has just ended, for 2 s at most; the next start tells the rest. Twice is harmless. */
  stop(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
const NOTHING: Telemetry = { stop: () => Promise.resolve() };

/**
 * Writes what the journal says of runs and datasets to Elasticsearch, and what runs printed, where that is wanted.
 * Nothing waits for it, and it fails nothing.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { environment, journal } = options;
  if (environment.elasticsearch === null) return NOTHING;
  // Whoever sends tries again itself: a stop is not to wait for a client that does.
  const client = connectElasticsearch(environment.elasticsearch).child({ maxRetries: 0, requestTimeout: TIMEOUT_MS });
  const parts = [metricsPart(options, client), logPart(options, client)].filter(part => part !== null);
  const heard = journal.onChange(run => {
    if (FINAL_STATES.includes(run.state)) for (const part of parts) part.hear(run);
  });
  for (const part of parts) part.begin();
  return {
    async stop() {
      heard();
      await Promise.all(parts.map(part => part.stop()));
      await client.close();
    },
  };
}

/** What is written to one data stream. */
interface Part {
  begin(): void;
  /** A run has ended. */
  hear(run: Run): void;
  stop(): Promise<void>;
}

type Wish = Environment['metricsElasticsearch'];

const METRICS = { type: 'metrics', dataset: 'orchestrator.runs' } as const;
const LOGS = { type: 'logs', dataset: 'orchestrator' } as const;

function metricsPart(options: TelemetryOptions, client: Client): Part | null {
  const { environment, journal, mask, datasets, clock, logger, snapshotMs } = options;
  const wish = environment.metricsElasticsearch;
  if (wish === 'off') return null;
  const template = { name: METRICS_TEMPLATE, body: metricsTemplate, wish };
  const { origin, sender } = streamOf(options, client, { parts: METRICS, template, what: 'runs' });
  const documentsOf = (run: Run) => [runDocument(run, { origin, mask })];
  const shipper = shipperOf(options, { sender, reader: 'metrics', documentsOf });
  const interval = snapshotMs === undefined ? {} : { intervalMs: snapshotMs };
  const snapshots = new Snapshots({ journal, sender, datasets, origin, mask, clock, logger, ...interval });
  return {
    begin: () => shipper.wake(),
    hear(run) {
      snapshots.hear(run);
      shipper.wake();
    },
    stop: async () => void (await Promise.all([snapshots.stop(), shipper.stop()])),
  };
}

/** The log itself is written by the logger. */
function logPart(options: TelemetryOptions, client: Client): Part | null {
  const { environment, journal, mask, clock } = options;
  const { logElasticsearch: wish, logRunsElasticsearch: which, dataDir } = environment;
  if (wish === 'off' || which === 'off') return null;
  const template = { name: LOG_TEMPLATE, body: logTemplate, wish };
  const { origin, sender } = streamOf(options, client, { parts: LOGS, template, what: 'the logs of runs' });
  const documentsOf = logDocuments({ journal, dataDir, origin, mask, which, clock });
  const shipper = shipperOf(options, { sender, reader: 'log', documentsOf });
  return { begin: () => shipper.wake(), hear: () => shipper.wake(), stop: () => shipper.stop() };
}

interface StreamWish {
  parts: Pick<StreamParts, 'type' | 'dataset'>;
  template: Pick<StreamTemplate, 'name' | 'body'> & { wish: Wish };
  what: string;
}

function streamOf(options: TelemetryOptions, client: Client, { parts, template, what }: StreamWish) {
  const { namespace = 'default', version, environment, clock, logger } = options;
  const stream = `${parts.type}-${parts.dataset}-${namespace}`;
  const { name, body, wish } = template;
  const made = wish === 'on' ? { stream, name, body, retention: environment.telemetryRetention } : null;
  return {
    origin: { host: hostname(), version, stream: { ...parts, namespace } },
    sender: new Sender({ client, stream, template: made, what, clock, logger }),
  };
}

function shipperOf(
  { journal, environment, clock, logger, delays }: TelemetryOptions,
  own: Pick<ShipperOptions, 'sender' | 'reader' | 'documentsOf'>,
): Shipper {
  const retentionMs = parseDuration(environment.telemetryRetention ?? USUAL_RETENTION) ?? 0;
  return new Shipper({ ...own, journal, retentionMs, clock, logger, ...(delays && { delays }) });
}
