import type { Client } from '@elastic/elasticsearch';
import { documentId, targetOf } from '../../default-etl/contract/contract.ts';
import { OrchestratorError } from '../errors.ts';
import type { HeldKey, Journal } from '../journal/journal.ts';
import { STORES } from '../targets/registry.ts';
import type { CommandDeps } from './deps.ts';

/** Documents of a request. */
const BULK = 5000;

interface Gone {
  deleted: number;
  /** Not there: rejected or filtered rows, or taken out before. */
  missing: number;
  newer: number;
}

/**
 * Takes out what a dataset has loaded: what the orchestrator keeps of it, and its documents in Elasticsearch, by their ids. What is done is written down as it is: called again, it
 * goes on. Resolves with what was done, in sentences. Throws an OrchestratorError (`never`) where the target can't be had, and changes nothing more.
 */
export async function removeRows(deps: CommandDeps, journal: Journal, dataset: string): Promise<string[]> {
  const version = await journal.nextVersion(dataset, deps.now());
  const stored = Object.keys(STORES).map(name => targetOf(name).traits.destination({}, dataset, 0));
  const byIndex = new Map<string, Gone>();
  let client: Client | undefined;
  try {
    for (let keys = await journal.heldKeys(dataset); keys.length > 0; keys = await journal.heldKeys(dataset)) {
      for (const key of keys) {
        if (!stored.includes(key.index)) {
          client ??= await connect(deps, key.index);
          const gone = byIndex.get(key.index) ?? { deleted: 0, missing: 0, newer: 0 };
          await removeKey(client, key, version, gone);
          byIndex.set(key.index, gone);
        }
        await journal.rowsGone(key.fileKey, key.index);
      }
    }
    const indices = [...byIndex.keys()];
    if (client && indices.length > 0)
      await client.indices.refresh({ index: indices, ignore_unavailable: true, allow_no_indices: true });
  } finally {
    await client?.close();
  }
  return [...[...byIndex].map(goneText), ...(await removeFromStores(deps.dataDir(), dataset))];
}

async function connect(deps: CommandDeps, index: string): Promise<Client> {
  const settings = deps.elasticsearch();
  if (settings === null)
    throw new OrchestratorError(
      'never',
      `ELASTICSEARCH_NODE is not set, and rows are in the index ${index}; set it, or delete the index`,
    );
  const { connectElasticsearch } = await import('../elasticsearch.ts');
  return connectElasticsearch(settings);
}

/** Every id up to the highest that may have been sent, whatever became of the row. */
async function removeKey(
  client: Client,
  { fileKey, index, rows }: HeldKey,
  version: number,
  gone: Gone,
): Promise<void> {
  for (let row = 1; row <= rows; row += BULK) {
    const operations = Array.from({ length: Math.min(BULK, rows - row + 1) }, (_, offset) => ({
      delete: { _index: index, _id: documentId(fileKey, row + offset), version, version_type: 'external_gte' as const },
    }));
    const { items } = await client.bulk({ operations });
    for (const { delete: outcome } of items) countOne(outcome, index, gone);
  }
}

function countOne(
  outcome: { status: number; error?: { reason?: string | null } } | undefined,
  index: string,
  gone: Gone,
): void {
  const { status = 0, error } = outcome ?? {};
  if (status === 200) gone.deleted += 1;
  else if (status === 404) gone.missing += 1;
  else if (status === 409) gone.newer += 1;
  else {
    const why = error?.reason ?? `status ${status}`;
    throw new OrchestratorError(
      'never',
      `rows can’t be taken out of the index ${index}: ${why}; mend that, and forget the dataset again`,
    );
  }
}

function goneText([index, { deleted, missing, newer }]: [string, Gone]): string {
  const others = missing === 0 ? '' : ` (of ${missing.toLocaleString('en')} more that may have been there none was)`;
  const left = newer === 0 ? '' : `, ${newer.toLocaleString('en')} stay, since something newer wrote them`;
  return `${deleted.toLocaleString('en')} rows are taken out of the index ${index}${others}${left}`;
}

async function removeFromStores(dataDir: string, dataset: string): Promise<string[]> {
  const said: string[] = [];
  for (const [name, store] of Object.entries(STORES)) {
    if (await store.remove(dataDir, dataset)) said.push(`its files of ${targetOf(name).traits.title} are removed`);
  }
  return said;
}
