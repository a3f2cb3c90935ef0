import { retryWhile } from '../async/retry-while.ts';
import { systemClock } from '../clock.ts';
import type { KibanaSettings } from '../config/kibana-settings.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import { Kibana } from '../kibana/push/client.ts';
import { outcomeLine, outcomeSummary } from '../kibana/push/outcome.ts';
import { push, type Pushed, type WantedDashboard } from '../kibana/push/push.ts';
import { PushRecords } from '../kibana/push/records.ts';
import { unconfigured } from '../kibana/push/unconfigured.ts';
import { fitOf } from '../kibana/push/version.ts';
import { keyOfDataset, wantedOfDataset, wantedOfOperations } from '../kibana/push/wanted.ts';
import type { CommandDeps } from './deps.ts';
import { chosenDatasets, withContext } from './kibana-export.ts';
import { oneLine } from './text.ts';

export interface PushCommand {
  /** Names; empty: all. */
  datasets: readonly string[];
  force: boolean;
  dryRun: boolean;
}

interface Gathered {
  wanted: WantedDashboard[];
  gone: string[];
  isMissing: boolean;
}

/** A Kibana that is starting, or away, is waited for so long. */
const PATIENCE_MS = 60_000;
const BACKOFF = { firstMs: 500, factor: 2, maxMs: 10_000 };

/**
 * `orchestrator kibana push [DATASET…]`: prints what became of each object that was not as it is wanted, then how many
 * there were. Resolves with the exit code: 1 where Kibana refused something, or a dataset that was named has no
 * dashboard; what is kept because a person changed it is 0.
 */
export async function pushDashboards(deps: CommandDeps, command: PushCommand): Promise<number> {
  const settings = deps.kibana();
  if (settings === null) {
    throw new OrchestratorError(
      'never',
      'KIBANA_URL is not set; without a Kibana to push to there is: orchestrator kibana export',
    );
  }
  const records = new PushRecords(deps.dataDir(), settings);
  const { wanted, gone, isMissing } = await gather(deps, command, records);
  const { force, dryRun } = command;
  const pushed = await patiently(deps, signal =>
    push({ wanted, gone, force, dryRun }, { kibana: new Kibana(settings, { signal }), records, clock: systemClock }),
  );
  tell(deps, pushed, { settings, dryRun });
  return isMissing || pushed.outcomes.some(({ result }) => result === 'refused') ? 1 : 0;
}

async function gather(deps: CommandDeps, { datasets }: PushCommand, records: PushRecords): Promise<Gathered> {
  const all: Gathered = { wanted: [], gone: [], isMissing: false };
  const chosen = await chosenDatasets(deps, datasets);
  const isAll = datasets.length === 0;
  await withContext(deps, async context => {
    for (const dataset of chosen) {
      const found = await wantedOfDataset(dataset, { ...context, pageUrl: deps.publicUrl() });
      if (found.wanted !== null) {
        all.wanted.push(found.wanted);
        for (const sentence of found.toCheck) deps.terminal.writeError(`${dataset.name}: ${oneLine(sentence)}\n`);
        continue;
      }
      if (found.isUnwanted) all.gone.push(keyOfDataset(dataset.name));
      all.isMissing ||= found.isAway || (!isAll && !found.isUnwanted);
      deps.terminal.writeError(`${dataset.name} ${oneLine(found.why)}\n`);
    }
    if (!isAll) return;
    if (context.hasRuns) all.wanted.push(wantedOfOperations(deps.publicUrl()));
    all.gone.push(
      ...(await goneOf(
        deps,
        records,
        chosen.map(({ name }) => name),
      )),
    );
  });
  return all;
}

async function goneOf(deps: CommandDeps, records: PushRecords, configured: readonly string[]): Promise<string[]> {
  const found = await deps.withJournal(async journal =>
    unconfigured(await records.all(), new Set(configured), journal),
  );
  for (const name of found.orphans) {
    deps.terminal.writeError(
      `${oneLine(name)} is not configured any more; its dashboard stays until: orchestrator forget ${oneLine(name)}\n`,
    );
  }
  return found.gone.map(keyOfDataset);
}

function patiently(deps: CommandDeps, act: (signal: AbortSignal) => Promise<Pushed>): Promise<Pushed> {
  deps.heedInterrupt();
  const signal = AbortSignal.any([deps.interrupted, AbortSignal.timeout(PATIENCE_MS)]);
  return retryWhile(() => act(deps.interrupted), {
    clock: systemClock,
    backoff: BACKOFF,
    signal,
    onWait: (error, failures) => {
      if (failures === 1)
        deps.terminal.writeError(`${oneLine(messageOf(error))}; it is tried again for ${PATIENCE_MS / 1000} s\n`);
    },
  });
}

function tell(
  { terminal }: CommandDeps,
  { version, outcomes }: Pushed,
  { settings, dryRun }: { settings: KibanaSettings; dryRun: boolean },
): void {
  for (const outcome of outcomes.filter(({ result }) => result !== 'same'))
    terminal.write(`${oneLine(outcomeLine(outcome))}\n`);
  const { url, space } = settings;
  if (fitOf(version) === 'unknown') {
    const what =
      version === null
        ? 'does not tell its version'
        : `is of version ${version}, which was not out yet when this was written`;
    terminal.writeError(`Kibana ${what}: look at the dashboards; 8.19 to 9.x are known to fit\n`);
  }
  const where = `Kibana${version === null ? '' : ` ${version}`} at ${url}, space ${space}`;
  terminal.write(`${where}: ${dryRun ? 'nothing was written; it would be ' : ''}${outcomeSummary(outcomes)}\n`);
}
