// Looks into an index as a user of Elasticsearch would, through the official client.
import { Client } from '@elastic/elasticsearch';

export interface Hit {
  id: string;
  source: Record<string, unknown>;
}

/** The Elasticsearch that the test command named. Throws without one: a missing service is a failure. */
export function elasticsearchNode(): string {
  const node = process.env.ELASTICSEARCH_NODE;
  if (node === undefined)
    throw new Error('ELASTICSEARCH_NODE is not set; run the tests by `npm test`, which brings it up');
  return node;
}

/** An index of the test server, named so that no other test uses it; `drop()` deletes it. */
export function openIndex(name: string, node = elasticsearchNode()) {
  const client = new Client({ node });
  return {
    name,
    async count(): Promise<number> {
      await client.indices.refresh({ index: name, ignore_unavailable: true });
      return (await client.count({ index: name, ignore_unavailable: true })).count;
    },
    /** Every document, in no order, a page of 10,000 at a time. */
    async *documents(): AsyncGenerator<Hit> {
      await client.indices.refresh({ index: name });
      const { id } = await client.openPointInTime({ index: name, keep_alive: '1m' });
      let after: Array<string | number> | undefined;
      for (;;) {
        const page = await client.search<Record<string, unknown>>({
          pit: { id, keep_alive: '1m' },
          size: 10_000,
          sort: [{ _shard_doc: 'asc' }],
          ...(after === undefined ? {} : { search_after: after }),
        });
        for (const hit of page.hits.hits) yield { id: hit._id ?? '', source: hit._source ?? {} };
        const last = page.hits.hits.at(-1);
        if (last === undefined) break;
        after = last.sort as Array<string | number>;
      }
      await client.closePointInTime({ id });
    },
    async drop(): Promise<void> {
      // The name may be an alias.
      const indices = Object.keys(await client.indices.get({ index: name, ignore_unavailable: true }));
      if (indices.length > 0) await client.indices.delete({ index: indices });
      await client.close();
    },
  };
}
