import type { Suitability } from '../registry.ts';

export interface ContainerFacts {
  /** DOCKER_IMAGE, where it is set. */
  image: string | undefined;
  engine: { available: boolean; host: string };
  /** The default ETL's image, and whether the engine has it. */
  defaultImage: { name: string; isThere: boolean };
  /** The kind of runner that ran the dataset's last file, or what stands for that; null where nothing is known. */
  last: string | null;
}

/**
 * Whether RUNNER: auto means containers. A DOCKER_IMAGE is never replaced by another program, and a container never by
 * a process: where the engine or the image is away, runs wait. That processes are meant must be said, by RUNNER.
 */
export function suitsContainers({ image, engine, defaultImage, last }: ContainerFacts): Suitability {
  if (image !== undefined) {
    const away = engine.available ? '' : `; no Docker Engine answers at ${engine.host}, so runs wait for it`;
    return { suits: true, why: `DOCKER_IMAGE is ${image}${away}` };
  }
  if (engine.available && defaultImage.isThere) {
    return { suits: true, why: `Docker answers and ${defaultImage.name} is there` };
  }
  const missing = engine.available
    ? `the image ${defaultImage.name} is not there`
    : `no Docker Engine answers at ${engine.host}`;
  if (last === 'docker') {
    const why = `the last file was; ${missing} now, so runs wait for it, unless RUNNER: process says that they need none`;
    return { suits: true, why };
  }
  const todo = engine.available ? 'run' : 'start Docker (or set DOCKER_HOST) and run';
  return { suits: false, why: `${missing}; ${todo} "npm run images" to get a container per file` };
}
