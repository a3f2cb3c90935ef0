import type { Dataset } from '../config/dataset.ts';
import type { ElasticsearchSettings } from '../config/environment.ts';

/** Takes out of a text what must not reach the journal, which everyone may read. */
export function withoutSecrets(text: string, dataset: Dataset, elasticsearch: ElasticsearchSettings | null): string {
  const secrets = [...dataset.secrets, elasticsearch?.password, elasticsearch?.apiKey];
  return secrets.reduce<string>((masked, secret) => (secret ? masked.replaceAll(secret, '***') : masked), text);
}
