import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { FINAL_STATES, type Run } from '../journal/journal.ts';
import { shared } from './gate.ts';
import type { ApiOptions } from './options.ts';
import { streamSchema } from './schemas.ts';

const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600];
const MS_PER_SECOND = 1000;

/** GET /metrics for Prometheus. What the journal and the status know is read when asked; times are observed as runs go by. */
export function addMetricsRoute(app: FastifyInstance, options: ApiOptions): { stop(): void } {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const refreshRuns = runMetrics(register, options);
  const refreshService = serviceMetrics(register, options);
  const unsubscribe = options.journal.onChange(timeObserver(register));
  const measure = shared(async () => {
    await Promise.all([refreshRuns(), refreshService()]);
    return register.metrics();
  });
  const response = { 200: streamSchema('text/plain', 'In the text format of Prometheus.') };
  const schema = { tags: ['service'], summary: 'Metrics for Prometheus', response };
  app.get('/metrics', { schema }, async (_request, reply) => reply.type(register.contentType).send(await measure()));
  return { stop: unsubscribe };
}

function runMetrics(register: Registry, { journal }: ApiOptions): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name: `orchestrator_${name}`, help, labelNames, registers: [register] });
  const counter = (name: string, help: string) =>
    new Counter({ name: `orchestrator_${name}`, help, labelNames: ['dataset'], registers: [register] });
  const runs = gauge('runs', 'Runs by state.', ['dataset', 'state']);
  const toCheck = gauge('runs_to_check', 'Runs that have something to check, and that nobody acknowledged.', [
    'dataset',
  ]);
  const paused = gauge('dataset_paused', '1 while a dataset is paused.', ['dataset']);
  const failures = gauge(
    'runs_failed',
    'Failed and quarantined runs that nothing mended since and nobody acknowledged.',
    ['dataset'],
  );
  const there = gauge('rows', 'Rows of its files that the target holds, as far as their runs say.', ['dataset']);
  const toMend = gauge('rows_to_mend', 'Of those files, rows that were rejected and not mended since.', ['dataset']);
  const loaded = counter('rows_loaded_total', 'Rows loaded.');
  const rejected = counter('rows_rejected_total', 'Rows rejected.');
  const mended = counter(
    'rows_mended_total',
    'Rejected rows that mends loaded since; they are among the loaded ones, too.',
  );
  const leftOut = counter('values_left_out_total', 'Values that are in documents and not in their fields.');
  const filtered = counter('rows_filtered_total', 'Rows taken out by steps.');
  return async () => {
    const summaries = await journal.summaries();
    for (const metric of [runs, toCheck, paused, failures, there, toMend, loaded, rejected, mended, filtered, leftOut])
      metric.reset();
    for (const summary of summaries) {
      const { dataset, counts, paused: isPaused, rowsLoaded, rowsRejected, rowsMended, rowsFiltered } = summary;
      failures.set({ dataset }, summary.runsFailed);
      there.set({ dataset }, summary.rowsThere);
      toMend.set({ dataset }, summary.rowsToMend);
      for (const [state, count] of Object.entries(counts)) runs.set({ dataset, state }, count);
      toCheck.set({ dataset }, summary.runsToCheck);
      paused.set({ dataset }, Number(isPaused));
      loaded.inc({ dataset }, rowsLoaded);
      rejected.inc({ dataset }, rowsRejected);
      mended.inc({ dataset }, rowsMended);
      filtered.inc({ dataset }, rowsFiltered);
      leftOut.inc({ dataset }, summary.valuesLeftOut);
    }
  };
}

function serviceMetrics(register: Registry, { status }: ApiOptions): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `orchestrator_${name}`, help, labelNames, registers: [register] });
  const files = gauge('watcher_files', 'Files in the last listing of a watched folder.', ['dataset']);
  const errors = gauge('watcher_error', '1 while something keeps files from being noticed.', ['dataset']);
  const listed = gauge('watcher_last_listing_timestamp_seconds', 'End of the last listing.', ['dataset']);
  const reload = gauge('config_last_reload_successful', '1 if the configuration as it is now has no mistake.');
  const reloadAt = gauge('config_last_reload_success_timestamp_seconds', 'Last reading without a mistake.');
  const disposals = gauge('disposals_failed', 'Files that could not be moved or removed when last tried.');
  const free = gauge('disk_free_bytes', 'Free space where DATA_DIR is.');
  const up = gauge('up', '1 while a part answers; absent where it is not used.', ['part']);
  return async () => {
    const service = await status();
    for (const metric of [files, errors, listed, up]) metric.reset();
    for (const { name: dataset, watcher } of service.datasets) {
      errors.set({ dataset }, Number(watcher === null || watcher.error !== null));
      if (watcher?.files !== undefined) files.set({ dataset }, watcher.files);
      if (watcher?.lastListingAt) listed.set({ dataset }, watcher.lastListingAt / MS_PER_SECOND);
    }
    reload.set(Number(service.config.errors.length === 0));
    reloadAt.set((service.config.lastGoodAt ?? 0) / MS_PER_SECOND);
    free.set(service.disk.freeBytes ?? Number.NaN);
    disposals.set(service.disposals.filter(({ error }) => error !== null).length);
    const { runnerParts, elasticsearch, kibana } = service;
    for (const { part, isUp } of runnerParts) up.set({ part }, Number(isUp));
    if (elasticsearch !== null) up.set({ part: 'elasticsearch' }, Number(elasticsearch.isUp));
    if (kibana !== null) up.set({ part: 'kibana' }, Number(kibana.isUp));
  };
}

function timeObserver(register: Registry): (run: Run) => void {
  const labelNames = ['dataset'];
  const latency = new Histogram({
    name: 'orchestrator_start_latency_seconds',
    help: 'From the first sight of a file to the start of its first attempt.',
    labelNames,
    buckets: LATENCY_BUCKETS,
    registers: [register],
  });
  const duration = new Histogram({
    name: 'orchestrator_run_duration_seconds',
    help: 'From the start of the first attempt of a run to its end.',
    labelNames: [...labelNames, 'state'],
    buckets: DURATION_BUCKETS,
    registers: [register],
  });
  const running = new Set<string>();
  return ({ id, dataset, state, attempt, seenAt, startedAt, endedAt }) => {
    if (state === 'running' && !running.has(id)) {
      running.add(id);
      if (attempt === 1 && startedAt !== null) latency.observe({ dataset }, (startedAt - seenAt) / MS_PER_SECOND);
    } else if (state !== 'running' && running.delete(id) && FINAL_STATES.includes(state)) {
      duration.observe({ dataset, state }, ((endedAt ?? 0) - (startedAt ?? endedAt ?? 0)) / MS_PER_SECOND);
    }
  };
}
