import type { Clock } from '../../clock.ts';
import type { SavedObject } from '../objects/saved-object.ts';
import { type Kibana, keyOf } from './client.ts';
import type { Outcome } from './outcome.ts';
import { PushRun } from './push-run.ts';
import type { PushRecords } from './records.ts';
import { KibanaRefusal } from './refusal.ts';
import { fitOf } from './version.ts';
import { OrchestratorError } from '../../errors.ts';

/** A dashboard and all that it stands on, as savedObjects() gives it. */
export interface WantedDashboard {
  /** Of the Dashboard. */
  key: string;
  objects: readonly SavedObject[];
  /**
   * False where the rows could not be looked at, so that it shows less than it could: then it takes the place of nothing
   * that was pushed before. True where left out.
   */
  isMeasured?: boolean;
}

export interface PushRequest {
  wanted: readonly WantedDashboard[];
  /** Keys of dashboards that are not wanted any more. */
  gone: readonly string[];
  /** Whether what people changed or removed is overwritten. */
  force?: boolean;
  /** Nothing is written: outcomes are what they would be. */
  dryRun?: boolean;
}

export interface PushContext {
  kibana: Kibana;
  records: PushRecords;
  clock: Clock;
}

export interface Pushed {
  /** Null where Kibana does not tell it. */
  version: string | null;
  outcomes: Outcome[];
}

/** So many dashboards are written at one moment, unless Kibana refuses one of them. */
const MOST_AT_ONCE = 25;
/** A third of what Kibana takes unless savedObjects.maxImportPayloadBytes says else. */
const BYTES_AT_ONCE = 8 << 20;
/** Statuses of an import that one of its objects may be the reason for. */
const OF_CONTENT = [400, 413, 422];

/**
 * Makes a Kibana have these dashboards, and not have those that are gone. What a person changed there since, or
 * removed, stays as it is; so it can be called again at any time, and goes on where it was stopped. Throws what a
 * Kibana's requests throw; what Kibana refuses of one dashboard alone is an outcome.
 */
export async function push(request: PushRequest, context: PushContext): Promise<Pushed> {
  const { version } = await context.kibana.state();
  if (fitOf(version) === 'too-old') {
    const message = `Kibana at ${context.kibana.settings.url} is of version ${version}; dashboards need 8.19 or later`;
    throw new OrchestratorError('never', message);
  }
  await context.kibana.assertSpace();
  const run = await PushRun.begin(request, context);
  const outcomes: Outcome[] = [];
  const { better, worse } = request.force ? { better: request.wanted, worse: [] } : await compared(request, context);
  for (const batch of batchesOf(better)) outcomes.push(...(await pushBatch(run, batch)));
  outcomes.push(...worse.flatMap(keptAsTheyAre));
  outcomes.push(...(await run.removeWhatIsGone()));
  return { version, outcomes: withoutRepeats(outcomes) };
}

async function compared({ wanted }: PushRequest, { records }: PushContext) {
  const known = new Set([...(await records.all()).values()].flatMap(({ keys }) => keys));
  const isWorse = ({ key, isMeasured = true }: WantedDashboard) => !isMeasured && known.has(key);
  return { better: wanted.filter(each => !isWorse(each)), worse: wanted.filter(isWorse) };
}

function keptAsTheyAre({ key, objects }: WantedDashboard): Outcome[] {
  const why = 'the rows can’t be looked at now, and what is there may show more';
  return objects
    .filter(({ type }) => type === 'dashboard')
    .map(({ type, id, attributes }) => ({
      type,
      id,
      title: String(attributes['title']),
      keys: [key],
      result: 'kept',
      why,
    }));
}

async function pushBatch(run: PushRun, batch: readonly WantedDashboard[]): Promise<Outcome[]> {
  if (batch.length === 1) return run.write(batch);
  try {
    const outcomes = await run.write(batch);
    if (!outcomes.some(({ result }) => result === 'refused')) return outcomes;
  } catch (error) {
    if (!(error instanceof KibanaRefusal && OF_CONTENT.includes(error.status))) throw error;
  }
  // One of them is the reason: each alone, so that it holds back no other.
  const outcomes: Outcome[] = [];
  for (const dashboard of batch) outcomes.push(...(await run.write([dashboard])));
  return outcomes;
}

function batchesOf(wanted: readonly WantedDashboard[]): WantedDashboard[][] {
  const batches: WantedDashboard[][] = [];
  let bytes = Infinity;
  for (const dashboard of wanted) {
    const own = JSON.stringify(dashboard.objects).length;
    const last = batches.at(-1);
    if (last === undefined || last.length >= MOST_AT_ONCE || bytes + own > BYTES_AT_ONCE) {
      batches.push([dashboard]);
      bytes = own;
    } else {
      last.push(dashboard);
      bytes += own;
    }
  }
  return batches;
}

/** Of an object that several dashboards stand on the first outcome that says something. */
function withoutRepeats(outcomes: readonly Outcome[]): Outcome[] {
  const byKey = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    const known = byKey.get(keyOf(outcome));
    if (known === undefined || known.result === 'same') byKey.set(keyOf(outcome), outcome);
  }
  return [...byKey.values()];
}
