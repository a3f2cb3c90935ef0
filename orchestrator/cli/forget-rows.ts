import type { Client } from '@elastic/elasticsearch';
import { targetOf } from '../../default-etl/contract/contract.ts';
import { OrchestratorError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import { STORES } from '../targets/registry.ts';
import type { CommandDeps } from './deps.ts';
import { IndexedRows } from './indexed-rows.ts';

/**
 * How the names begin under which the journal knows rows that the orchestrator keeps, those of another dataset that
 * were carried over, too.
 */
const STORED = Object.keys(STORES).map(name => targetOf(name).traits.destination({}, '', 0));

/**
 * Takes out what a dataset has loaded: what the orchestrator keeps of it, and its documents in Elasticsearch, by their
 * ids. What is done is written down as it is: called again, it goes on. Resolves with what was done, in sentences.
 * Throws an OrchestratorError (`never`) where the target can't be had, and changes nothing more; nothing at all where
 * it is known before that an index takes no deletes.
 */
export async function removeRows(deps: CommandDeps, journal: Journal, dataset: string): Promise<string[]> {
  const names = await indexNames(journal, dataset);
  const client = names[0] === undefined ? undefined : await connect(deps, names[0]);
  let sentences: string[] = [];
  try {
    const rows = client && (await IndexedRows.behind(client, names));
    await removeKeys(journal, dataset, { rows, version: await journal.nextVersion(dataset, deps.now()) });
    await rows?.show();
    sentences = rows?.sentences() ?? [];
  } finally {
    await client?.close();
  }
  return [...sentences, ...(await removeFromStores(deps.dataDir(), dataset))];
}

/** Under which rows are with ids of their own, as heldKeys() gives them. */
async function indexNames(journal: Journal, dataset: string): Promise<string[]> {
  const under = await journal.rowsUnder(dataset);
  const held = under.filter(({ index, ids }) => !isStored(index) && (ids ?? '') === '');
  return [...new Set(held.map(({ index }) => index))];
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

async function removeKeys(
  journal: Journal,
  dataset: string,
  { rows, version }: { rows: IndexedRows | undefined; version: number },
): Promise<void> {
  for (let keys = await journal.heldKeys(dataset); keys.length > 0; keys = await journal.heldKeys(dataset)) {
    for (const key of keys) {
      if (!isStored(key.index)) {
        if (rows === undefined) throw new OrchestratorError('bug', `rows turned up in the index ${key.index}`);
        await rows.remove(key, version);
      }
      await journal.rowsGone(key.fileKey, key.index);
    }
  }
}

function isStored(index: string): boolean {
  return STORED.some(beginning => index.startsWith(beginning));
}

async function removeFromStores(dataDir: string, dataset: string): Promise<string[]> {
  const said: string[] = [];
  for (const [name, store] of Object.entries(STORES)) {
    if (await store.remove(dataDir, dataset)) said.push(`its files of ${targetOf(name).traits.title} are removed`);
  }
  return said;
}
