import type { DatasetStatus, ServiceStatus } from './api/options.ts';
import type { ElasticsearchProbe } from './api/elasticsearch-probe.ts';
import type { Dataset } from './config/dataset.ts';
import type { ConfigWatcher } from './config/reload.ts';
import type { FileDisposer } from './dispose/disposer.ts';
import type { AutoPush } from './kibana/push/auto-push.ts';
import type { RunnerSet } from './run/runners.ts';
import type { Scheduler } from './schedule/scheduler.ts';
import type { Watchers } from './watch/watchers.ts';

export interface StatusSources {
  runners: RunnerSet;
  probe: ElasticsearchProbe;
  config: ConfigWatcher;
  /** When the configuration was last read without a mistake, in milliseconds since 1970-01-01 UTC. */
  configGoodAt(): number | null;
  scheduler: Scheduler;
  disposer: FileDisposer;
  watchers: Watchers;
  /** null: KIBANA_URL or ELASTICSEARCH_NODE is not set. */
  autoPush: AutoPush | null;
}

/** How the service and each of its datasets are, as of now. */
export async function serviceStatus(sources: StatusSources): Promise<ServiceStatus> {
  const { runners, probe, config, configGoodAt, scheduler, disposer } = sources;
  const [parts, elasticsearch, datasets] = await Promise.all([
    runners.registry.status(),
    probe.status(),
    Promise.all(config.datasets().map(dataset => datasetStatus(dataset, sources))),
  ]);
  const inUse = new Set(datasets.map(({ runner }) => runner.kind));
  const { disk, waiting, running, recovering } = scheduler.status();
  return {
    runnerParts: parts.map(({ kind, ...status }) => ({ ...status, isNeeded: inUse.has(kind) })),
    elasticsearch,
    kibana: sources.autoPush?.status() ?? null,
    config: { errors: config.errors(), warnings: config.warnings(), lastGoodAt: configGoodAt() },
    schedule: { waiting, running, recovering },
    disposals: disposer.pending(),
    disk,
    datasets,
  };
}

async function datasetStatus(
  dataset: Dataset,
  { runners: { registry }, watchers, autoPush }: StatusSources,
): Promise<DatasetStatus> {
  const { name, watchDir, settings } = dataset;
  const { kind, reason } = await registry.choice(dataset);
  return {
    name,
    watchDir,
    target: settings.COMMAND === undefined ? (settings.LOAD.target ?? null) : null,
    runner: { kind, reason },
    problem: registry.problem(dataset),
    watcher: watchers.status(name) ?? null,
    dashboardUrl: autoPush?.dashboardUrl(name) ?? null,
  };
}
