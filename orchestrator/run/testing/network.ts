import { join } from 'node:path';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import type { Logger } from '../../log.ts';
import type { Engine } from '../docker/engine.ts';
import { readInstance } from '../instance.ts';
import { RunNetwork, type RunNetworkOptions } from '../network/run-network.ts';
import { silentLogger } from './attempts.ts';

/** The runs' network of a DATA_DIR. */
export function testNetwork(
  engine: Engine,
  dataDir: string,
  more: Partial<RunNetworkOptions> & { elasticsearch?: ElasticsearchSettings | null; logger?: Logger } = {},
): RunNetwork {
  return new RunNetwork({
    engine,
    logger: silentLogger,
    instance: readInstance(dataDir),
    wish: null,
    elasticsearch: null,
    recordFile: join(dataDir, 'run-network.json'),
    surroundings: async () => ({ hostPaths: null, ownNetwork: null }),
    ...more,
  });
}
