import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import { type GatherContext, gatherDashboard, hasRunsStream } from '../kibana/gather-dashboard.ts';
import { toNdjson } from '../kibana/objects/ndjson.ts';
import type { SavedObject } from '../kibana/objects/saved-object.ts';
import { inOrder, savedObjects } from '../kibana/objects/saved-objects.ts';
import { operationsDashboard } from '../kibana/operations/operations-dashboard.ts';
import { connectRows } from '../kibana/rows-client.ts';
import type { CommandDeps } from './deps.ts';
import { unknownDataset } from './run.ts';
import { oneLine } from './text.ts';

export interface ExportRequest {
  /** Names; empty: all. */
  datasets: readonly string[];
  /** With the operator's dashboard. */
  operations: boolean;
  /** A file that ends in .ndjson, or a folder; stdout unless set. */
  out?: string;
  /** Of the orchestrator's page; PUBLIC_URL unless set. */
  url?: string;
  /** Why dashboards show what they show goes to stderr, too. */
  explain?: boolean;
}

/** The saved objects of one dashboard, and the name of its file. */
interface Part {
  name: string;
  objects: SavedObject[];
}

/** No dataset can be called so: names begin with a letter or a digit. */
const OPERATIONS = '_operations';

/**
 * `orchestrator kibana export [DATASET…]`. What there is to know of each goes to stderr. Exit code 1 where a dataset that
 * was named has no dashboard, or Elasticsearch doesn't answer for one.
 */
export async function exportDashboards(deps: CommandDeps, request: ExportRequest): Promise<number> {
  const pageUrl = request.url === undefined ? deps.publicUrl() : pageAddress(request.url);
  const chosen = await chosenDatasets(deps, request.datasets);
  const areNamed = request.datasets.length > 0;
  const { parts, isMissing } = await partsOf(deps, chosen, { areNamed, pageUrl, explains: request.explain ?? false });
  if (request.operations) parts.push({ name: OPERATIONS, objects: savedObjects(operationsDashboard({ pageUrl })) });
  if (parts.length === 0) {
    deps.terminal.writeError('there is no dashboard to export\n');
    return 1;
  }
  if (request.out === undefined) deps.terminal.writeContent(ndjsonOf(parts));
  else for (const path of await writeParts(request.out, parts)) deps.terminal.writeError(`written to ${path}\n`);
  return isMissing ? 1 : 0;
}

function pageAddress(given: string): string {
  const url = /^https?:\/\//i.test(given) ? URL.parse(given) : null;
  if (url !== null && url.username === '' && url.search === '' && url.hash === '') return given.replace(/\/+$/, '');
  throw new OrchestratorError('never', `--url must be an http or https address, such as https://etl.example.org`);
}

/** The datasets of these names, or all of them, in order. Throws for a name that nobody knows. */
export async function chosenDatasets(deps: CommandDeps, names: readonly string[]): Promise<Dataset[]> {
  const { datasets } = await deps.config();
  if (names.length === 0) return datasets.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const known = datasets.map(({ name }) => name);
  return [...new Set(names)].map(name => {
    const dataset = datasets.find(candidate => candidate.name === name);
    if (dataset === undefined) throw unknownDataset(name, known);
    return dataset;
  });
}

export interface PartsOptions {
  /** The datasets were named, so that each is expected to have a dashboard. */
  areNamed: boolean;
  /** Of the orchestrator's page; null: runs have no links. */
  pageUrl: string | null;
  /** Why each field is shown as it is goes to stderr, too. */
  explains?: boolean;
}

/**
 * The saved objects of these datasets' dashboards; why others have none goes to stderr. `isMissing`: for one that was
 * named, or for one about which Elasticsearch doesn't answer.
 */
export async function partsOf(
  deps: CommandDeps,
  datasets: readonly Dataset[],
  { areNamed, pageUrl, explains = false }: PartsOptions,
): Promise<{ parts: Part[]; isMissing: boolean }> {
  const parts: Part[] = [];
  let isMissing = false;
  if (datasets.length === 0) return { parts, isMissing };
  await withContext(deps, async context => {
    for (const dataset of datasets) {
      const found = await gatherDashboard(dataset, { ...context, pageUrl });
      if (found.dashboard === null) {
        isMissing ||= areNamed || found.isAway;
        deps.terminal.writeError(`${dataset.name} ${oneLine(found.why)}\n`);
        continue;
      }
      for (const sentence of [...found.toCheck, ...(explains ? found.reasons : [])])
        deps.terminal.writeError(`${dataset.name}: ${oneLine(sentence)}\n`);
      parts.push({ name: dataset.name, objects: savedObjects(found.dashboard) });
    }
  });
  return { parts, isMissing };
}

/** Throws an OrchestratorError (`never`) where ELASTICSEARCH_NODE is not set. */
export async function withContext(deps: CommandDeps, work: (context: GatherContext) => Promise<void>): Promise<void> {
  const settings = deps.elasticsearch();
  if (settings === null) {
    const why = 'dashboards are made of the rows there; set it, or see: orchestrator check';
    throw new OrchestratorError('never', `ELASTICSEARCH_NODE is not set: ${why}`);
  }
  const client = connectRows(settings, deps.kibana());
  try {
    const hasRuns = await hasRunsStream(client, deps.interrupted);
    const common = { client, hasRuns, now: deps.now(), signal: deps.interrupted };
    await deps.withJournal(journal => work({ ...common, journal }));
  } finally {
    await client.close();
  }
}

function ndjsonOf(parts: readonly Part[]): string {
  return toNdjson(inOrder(parts.flatMap(({ objects }) => objects)));
}

/** Resolves with the paths that were written. */
async function writeParts(out: string, parts: readonly Part[]): Promise<string[]> {
  const isFile = out.endsWith('.ndjson');
  const files = isFile
    ? [{ path: out, text: ndjsonOf(parts) }]
    : parts.map(part => ({ path: join(out, `${part.name}.ndjson`), text: ndjsonOf([part]) }));
  try {
    if (!isFile) await mkdir(out, { recursive: true });
    for (const { path, text } of files) await writeFile(path, text);
  } catch (error) {
    throw new OrchestratorError('never', `dashboards can't be written to ${out}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return files.map(({ path }) => path);
}
