import type { AttemptRef } from '../runner.ts';

/** Labels by which people and sweeps find the orchestrator's containers. */
export const LABELS = {
  dataset: 'orchestrator.dataset',
  run: 'orchestrator.run',
  attempt: 'orchestrator.attempt',
  /** Name of the DATA_DIR whose orchestrator made it. */
  instance: 'orchestrator.instance',
  /** Bytes that were in the attempt's log file before the container's first line. */
  logOffset: 'orchestrator.log-offset',
  /** Started ahead: the name alone says which attempt it was given to, for labels can't be changed. */
  ahead: 'orchestrator.ahead',
  /** It holds a place in this network for a run's container, and does nothing else. */
  holds: 'orchestrator.holds',
} as const;

type Named = Pick<AttemptRef, 'datasetName' | 'runId' | 'attempt'>;

/** The one name an attempt's container can have on an engine: a second container for it would be refused. */
export function containerName(instance: string, { datasetName, runId, attempt }: Named): string {
  return `etl-${plain(datasetName)}-${plain(runId)}-${attempt}-${instance.slice(0, 8)}`;
}

/** Name of a container that waits for its attempt. */
export function aheadName(instance: string, dataset: string, id: string): string {
  return `etl-${plain(dataset)}-ahead-${id}-${instance.slice(0, 8)}`;
}

/** Name of a container that holds a place in the runs' network. */
export function holderName(instance: string, id: string): string {
  return `etl-network-${id}-${instance.slice(0, 8)}`;
}

// What the engine allows in names.
function plain(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_.-]/g, '_');
}

/** The attempt that a container runs, or undefined where it waits for one. A run's id holds only what names allow. */
export function attemptOf(
  instance: string,
  { Labels, Names }: { Labels: Record<string, string>; Names: string[] },
): { runId: string; attempt: number } | undefined {
  const run = Labels[LABELS.run];
  if (run !== undefined) return { runId: run, attempt: Number(Labels[LABELS.attempt]) };
  const prefix = `/etl-${plain(Labels[LABELS.dataset] ?? '')}-`;
  const suffix = `-${instance.slice(0, 8)}`;
  const name = Names.find(candidate => candidate.startsWith(prefix) && candidate.endsWith(suffix));
  const match = /^(?!ahead-)(.+)-(\d+)$/.exec(name?.slice(prefix.length, -suffix.length) ?? '');
  return match ? { runId: match[1] as string, attempt: Number(match[2]) } : undefined;
}
