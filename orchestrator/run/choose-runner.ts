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
}

export interface RunnerChoice {
  kind: RunnerKind;
  /** For the log: why, and what would make it a container. */
  reason: string;
}

/** What RUNNER means for a dataset. A DOCKER_IMAGE is never replaced by another program: where the engine is away, its runs wait. */
export function chooseRunner({ wish, hasCommand, image, engine, defaultImage }: RunnerFacts): RunnerChoice {
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
  if (!engine.available) {
    return asProcess(
      `no Docker Engine answers at ${engine.host}; start Docker (or set DOCKER_HOST) and run "npm run images" to get a container per file`,
    );
  }
  if (!defaultImage.isThere) {
    return asProcess(`the image ${defaultImage.name} is not there; run "npm run images" to get a container per file`);
  }
  return inContainer(`Docker answers and ${defaultImage.name} is there`);
}
