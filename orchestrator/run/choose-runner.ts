import type { RunnerKind } from './runner.ts';

export interface RunnerFacts {
  /** RUNNER. */
  wish: 'auto' | RunnerKind;
  hasCommand: boolean;
  /** DOCKER_IMAGE, where it is set. */
  image: string | undefined;
  engine: { available: boolean; host: string };
  /** The default ETL's image, and whether the engine has it. */
  defaultImage: { name: string; isThere: boolean };
  /** What ran the dataset's last file, or what stands for that; null where nothing is known. */
  last: RunnerKind | null;
}

export interface RunnerChoice {
  kind: RunnerKind;
  /** For the log: why, and what would make it a container. */
  reason: string;
}

/**
 * What RUNNER means for a dataset. A DOCKER_IMAGE is never replaced by another program, and a container never by a process: where the engine or the image is
 * away, runs wait. That processes are meant must be said, by RUNNER.
 */
export function chooseRunner({ wish, hasCommand, image, engine, defaultImage, last }: RunnerFacts): RunnerChoice {
  const asProcess = (reason: string): RunnerChoice => ({ kind: 'process', reason: `runs as a process: ${reason}` });
  const inContainer = (reason: string): RunnerChoice => ({ kind: 'docker', reason: `runs in containers: ${reason}` });

  if (wish === 'process') return asProcess('RUNNER says so');
  if (wish === 'docker') return inContainer('RUNNER says so');
  if (hasCommand) return asProcess('COMMAND is set');
  if (image !== undefined) {
    return inContainer(
      `DOCKER_IMAGE is ${image}${engine.available ? '' : `; no Docker Engine answers at ${engine.host}, so runs wait for it`}`,
    );
  }
  const missing = engine.available
    ? `the image ${defaultImage.name} is not there`
    : `no Docker Engine answers at ${engine.host}`;
  if (last === 'docker' && (!engine.available || !defaultImage.isThere)) {
    return inContainer(
      `the last file was; ${missing} now, so runs wait for it, unless RUNNER: process says that they need none`,
    );
  }
  if (!engine.available) {
    return asProcess(
      `${missing}; start Docker (or set DOCKER_HOST) and run "npm run images" to get a container per file`,
    );
  }
  if (!defaultImage.isThere) {
    return asProcess(`${missing}; run "npm run images" to get a container per file`);
  }
  return inContainer(`Docker answers and ${defaultImage.name} is there`);
}
