import type { Dataset } from '../config/dataset.ts';
import { createMask } from '../log/mask.ts';
import type { Connections } from '../run/runner.ts';

/**
 * Takes out of a text what must not reach the journal, which everyone may read, in whatever form it stands there: what
 * this dataset's runs were given. Of other secrets they would learn that they are some.
 */
export function withoutSecrets(text: string, dataset: Dataset, connections: Pick<Connections, 'mask'>): string {
  return createMask(dataset.secrets).text(connections.mask(text, dataset.name));
}
