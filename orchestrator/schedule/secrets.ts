import type { Dataset } from '../config/dataset.ts';
import type { ElasticsearchSettings } from '../config/environment.ts';
import { createMask } from '../log/mask.ts';

/** Takes out of a text what must not reach the journal, which everyone may read: as the log does, in whatever form it stands there. */
export function withoutSecrets(text: string, dataset: Dataset, elasticsearch: ElasticsearchSettings | null): string {
  const own = [elasticsearch?.password, elasticsearch?.apiKey].filter(secret => typeof secret === 'string');
  return createMask([...dataset.secrets, ...own]).text(text);
}
