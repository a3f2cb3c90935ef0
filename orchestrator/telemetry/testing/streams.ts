import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { waitFor } from '../../testing/wait-for.ts';

/**
 * What a test finds of its own in data streams that all tests share: Elasticsearch's core can't remove one. Its
 * documents are told by the version of the orchestrator that they say they are of.
 */
export class TestStreams {
  readonly namespace = 'test';
  readonly version: string = randomUUID();
  readonly metrics = `metrics-orchestrator.runs-${this.namespace}`;
  readonly logs = `logs-orchestrator-${this.namespace}`;
  readonly node: string;
  readonly client: Client;

  constructor(context: TestContext) {
    const { ELASTICSEARCH_NODE: node } = process.env;
    if (!node) throw new Error('ELASTICSEARCH_NODE is not set');
    this.node = node;
    this.client = new Client({ node });
    context.after(() => this.client.close());
  }

  /** Its own documents. */
  get query(): { term: Record<string, string> } {
    return { term: { 'service.version': this.version } };
  }

  /** All there is in a stream, in the order of time; some thousands at most. */
  async documents(index: string): Promise<Array<Record<string, any>>> {
    await this.#refresh(index);
    const sort = [{ '@timestamp': 'asc' }];
    const { hits } = await this.client.search<Record<string, any>>(
      { index, size: 10_000, sort, query: this.query, ignore_unavailable: true },
      { ignore: [404, 503] },
    );
    return hits?.hits.map(({ _source }) => _source ?? {}) ?? [];
  }

  async count(index: string): Promise<number> {
    await this.#refresh(index);
    // 503: it is just being made.
    const asked = { index, query: this.query, ignore_unavailable: true };
    return (await this.client.count(asked, { ignore: [503] })).count ?? 0;
  }

  async waitForCount(stream: string, count: number): Promise<void> {
    const isSo = async () => (await this.count(stream)) === count;
    await waitFor(`${count} documents in ${stream}`, isSo, { tell: () => this.count(stream) });
  }

  async #refresh(index: string): Promise<void> {
    await this.client.indices.refresh({ index, ignore_unavailable: true });
  }
}
