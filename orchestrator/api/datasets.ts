import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { type DatasetSummary, RUN_STATES } from '../journal/journal.ts';
import { shared } from './gate.ts';
import type { ApiOptions, ConfigError, DatasetStatus, WatcherStatus } from './options.ts';
import { isoTime } from './present.ts';
import { Problem } from './problem.ts';
import { datasetParams, datasetsSchema, pausedSchema, problemSchema } from './schemas.ts';

type Answer = Static<typeof datasetsSchema>['items'][number];
type Name = { Params: Static<typeof datasetParams> };

const tags = ['datasets'];

/** Datasets that are configured, broken, or known from their runs. */
export function addDatasetRoutes(app: FastifyInstance, options: ApiOptions): void {
  const list = { tags, summary: 'Datasets with the number of runs in each state', response: { 200: datasetsSchema } };
  const find = shared(() => listDatasets(options));
  app.get('/api/datasets', { schema: list }, async () => ({ items: await find() }));

  for (const verb of ['pause', 'resume'] as const) {
    const summary = verb === 'pause' ? 'Start no more runs of it; files are still noticed' : 'Start its runs again';
    const schema = { tags, summary, params: datasetParams, response: { 200: pausedSchema, 404: problemSchema } };
    app.post<Name>(`/api/datasets/:name/${verb}`, { schema }, async request => {
      const { name } = request.params;
      const known = await listDatasets(options);
      if (!known.some(dataset => dataset.name === name))
        throw new Problem(404, `there is no dataset ${name.slice(0, 100)}`);
      await options.actions.pause(name, verb === 'pause');
      return { dataset: name, paused: verb === 'pause' };
    });
  }
}

async function listDatasets({ journal, status, mask }: ApiOptions): Promise<Answer[]> {
  const [summaries, service, waiting] = await Promise.all([journal.summaries(), status(), journal.waitReasons()]);
  const configured = new Map(service.datasets.map(dataset => [dataset.name, dataset]));
  const known = new Map(summaries.map(summary => [summary.dataset, summary]));
  const reasons = new Map(waiting.map(({ dataset, reason }) => [dataset, reason]));
  const broken = new Map<string, ConfigError>();
  for (const error of service.config.errors) {
    if (error.dataset !== null && !broken.has(error.dataset)) broken.set(error.dataset, error);
  }
  const names = [...new Set([...configured.keys(), ...known.keys(), ...broken.keys()])].toSorted();
  return names.map(name => {
    const reason = reasons.get(name);
    return {
      ...present(name, configured.get(name), known.get(name)),
      waitsFor: reason === undefined ? null : mask(reason),
      configError: errorText(broken.get(name), mask),
    };
  });
}

function present(
  name: string,
  dataset: DatasetStatus | undefined,
  summary: DatasetSummary | undefined,
): Omit<Answer, 'waitsFor' | 'configError'> {
  const watcher = dataset?.watcher ?? null;
  return {
    name,
    watchDir: dataset?.watchDir ?? null,
    target: dataset?.target ?? null,
    dashboardUrl: dataset?.dashboardUrl ?? null,
    runner: dataset?.runner.kind ?? null,
    runnerReason: dataset?.runner.reason ?? null,
    problem: dataset?.problem ?? null,
    counts: summary?.counts ?? Object.fromEntries(RUN_STATES.map(state => [state, 0])),
    rowsLoaded: summary?.rowsLoaded ?? 0,
    rowsRejected: summary?.rowsRejected ?? 0,
    rowsMended: summary?.rowsMended ?? 0,
    rowsFiltered: summary?.rowsFiltered ?? 0,
    valuesLeftOut: summary?.valuesLeftOut ?? 0,
    runsToCheck: summary?.runsToCheck ?? 0,
    rowsThere: summary?.rowsThere ?? 0,
    rowsToMend: summary?.rowsToMend ?? 0,
    runsFailed: summary?.runsFailed ?? 0,
    loadsNotice: summary?.loadsNotice ?? null,
    lastEndedAt: isoTime(summary?.lastEndedAt ?? null),
    paused: summary?.paused ?? false,
    watcher: watcher === null ? null : presentWatcher(watcher),
  };
}

function presentWatcher({
  mode,
  files,
  settling,
  lastListingAt,
  notice,
  error,
}: WatcherStatus): NonNullable<Answer['watcher']> {
  const listed = isoTime(lastListingAt ?? null);
  return {
    mode: mode ?? null,
    files: files ?? 0,
    settling: settling ?? 0,
    lastListingAt: listed,
    notice: notice ?? null,
    error,
  };
}

function errorText(error: ConfigError | undefined, mask: (text: string) => string): string | null {
  return error === undefined ? null : mask(`${error.file}:${error.line}:${error.column}: ${error.message}`);
}
