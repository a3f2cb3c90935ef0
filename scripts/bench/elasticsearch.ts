import { setTimeout as pause } from 'node:timers/promises';

/** What the benchmarks ask of Elasticsearch, by its REST API alone. */
export interface Target {
  node: string;
  /** Mapping and settings of an index. */
  describe(index: string): Promise<IndexModel>;
  create(index: string, model: IndexModel): Promise<void>;
  /** Makes all that was acknowledged searchable. */
  refresh(index: string): Promise<void>;
  /** Documents that a search finds. */
  count(index: string): Promise<number>;
  /** Throws where the index doesn't hold exactly so many documents. */
  mustHold(index: string, documents: number): Promise<void>;
  remove(index: string): Promise<void>;
  /** CPU of all nodes since they were started, up to a moment after the call. */
  cpuSeconds(): Promise<number>;
  /** Resolves once the server has finished with what was asked of it before (merges), after 20 s at most, with cpuSeconds(). */
  settle(): Promise<number>;
}

export interface IndexModel {
  mappings: unknown;
  settings: { index: Record<string, unknown> };
}

/** Settings that an index is given, not asked for. */
const OWN = ['uuid', 'version', 'creation_date', 'provided_name', 'resize', 'routing'];
/** Elasticsearch looks at itself once a second (monitor.process.refresh_interval): an answer may be so old. */
const LOOK_MS = 1_100;
/** A server that does nothing takes less than this share of a core. */
const IDLE = 0.15;
const SETTLE_LOOKS = 18;

export function openTarget(node: string): Target {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, node), {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok && !(method === 'DELETE' && response.status === 404)) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return JSON.parse(text);
  };
  const target: Target = {
    node,
    async describe(index) {
      const { mappings, settings } = Object.values((await call('GET', `/${index}`)) as Record<string, IndexModel>)[0]!;
      const asked = Object.entries(settings.index).filter(([name]) => !OWN.includes(name));
      return { mappings, settings: { index: Object.fromEntries(asked) } };
    },
    async create(index, model) {
      await call('PUT', `/${index}`, model);
    },
    async refresh(index) {
      await call('POST', `/${index}/_refresh`);
    },
    async count(index) {
      return ((await call('GET', `/${index}/_count`)) as { count: number }).count;
    },
    async mustHold(index, documents) {
      await target.refresh(index);
      const count = await target.count(index);
      if (count !== documents) throw new Error(`${index} holds ${count} documents, not ${documents}`);
    },
    async remove(index) {
      await call('DELETE', `/${index}`);
      await call('DELETE', `/_index_template/orchestrator-${index}`);
    },
    async cpuSeconds() {
      await pause(LOOK_MS);
      const { nodes } = (await call('GET', '/_nodes/stats/process')) as { nodes: Record<string, NodeStats> };
      return Object.values(nodes).reduce((sum, { process }) => sum + process.cpu.total_in_millis, 0) / 1000;
    },
    async settle() {
      let before = await target.cpuSeconds();
      for (let look = 0; look < SETTLE_LOOKS; look++) {
        const now = await target.cpuSeconds();
        if (now - before < (IDLE * LOOK_MS) / 1000) return now;
        before = now;
      }
      return before;
    },
  };
  return target;
}

interface NodeStats {
  process: { cpu: { total_in_millis: number } };
}
