/** What the benchmarks ask of Elasticsearch, by its REST API alone. */
export interface Target {
  node: string;
  /** Makes `copy` with the mapping and settings of `index`, and no documents. */
  createLike(index: string, copy: string): Promise<void>;
  /** Throws where the index doesn't hold exactly so many documents. */
  mustHold(index: string, documents: number): Promise<void>;
  remove(index: string): Promise<void>;
}

/** Settings that an index is given, not asked for. */
const OWN = ['uuid', 'version', 'creation_date', 'provided_name', 'resize', 'routing'];

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
  return {
    node,
    async createLike(index, copy) {
      const described = Object.values((await call('GET', `/${index}`)) as Record<string, Described>)[0]!;
      const settings = Object.entries(described.settings.index).filter(([name]) => !OWN.includes(name));
      await call('PUT', `/${copy}`, {
        mappings: described.mappings,
        settings: { index: Object.fromEntries(settings) },
      });
    },
    async mustHold(index, documents) {
      await call('POST', `/${index}/_refresh`);
      const { count } = (await call('GET', `/${index}/_count`)) as { count: number };
      if (count !== documents) throw new Error(`${index} holds ${count} documents, not ${documents}`);
    },
    async remove(index) {
      await call('DELETE', `/${index}`);
    },
  };
}

interface Described {
  mappings: unknown;
  settings: { index: Record<string, unknown> };
}
