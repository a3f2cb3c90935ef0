import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { DockerRunner, type DockerRunnerOptions } from '../docker/docker-runner.ts';
import type { Engine } from '../docker/engine.ts';
import { readInstance } from '../instance.ts';
import { type Place, silentLogger, uids } from './attempts.ts';
import { testNetwork } from './network.ts';

/** The Docker runner of a DATA_DIR; its default image is none unless told. */
export function testDockerRunner(
  engine: Engine,
  { dataDir }: Pick<Place, 'dataDir'>,
  more: Partial<DockerRunnerOptions> = {},
): DockerRunner {
  return new DockerRunner({
    engine,
    logger: silentLogger,
    clock: systemClock,
    instance: readInstance(dataDir),
    warmDir: join(dataDir, 'warm'),
    uids,
    dockerConfigFile: join(dataDir, 'no-docker-config.json'),
    surroundings: async () => ({ hostPaths: null, ownNetwork: null }),
    network: testNetwork(engine, dataDir),
    defaultImage: 'none',
    mask: text => text,
    ...more,
  });
}
