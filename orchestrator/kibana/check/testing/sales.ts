import { Client } from '@elastic/elasticsearch';

/** A row of the sales that the example dashboard shows. */
export interface Sale {
  DATE: string;
  PRODUCT: string;
  REGION: string | null;
  AMOUNT: number;
  PLACE: { lat: number; lon: number };
  NOTE: string;
}

/** So many sales of 2024, the same every time. */
export function makeSales(count = 2000): Sale[] {
  const next = drawer(7);
  const regions = ['north', 'south', 'east', 'west', 'centre', 'islands', 'abroad', null];
  return Array.from({ length: count }, () => ({
    DATE: new Date(Date.UTC(2024, 0, 1) + Math.floor(next() * 366) * 86_400_000).toISOString().slice(0, 10),
    PRODUCT: `product ${Math.floor(next() ** 2 * 9)}`,
    REGION: regions[Math.floor(next() ** 2 * regions.length)] ?? null,
    AMOUNT: Math.floor(next() * 100_000) / 100,
    PLACE: { lat: 42 + next() * 8, lon: -4 + next() * 11 },
    NOTE: 'as text',
  }));
}

/** Numbers from 0 to 1 (a linear congruential generator; the constants are those of Numerical Recipes). */
function drawer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** An index of the test server with these sales; `drop()` deletes it. */
export async function salesIndex(node: string, name: string, sales: readonly Sale[]) {
  const client = new Client({ node });
  await client.indices.delete({ index: name, ignore_unavailable: true });
  await client.indices.create({
    index: name,
    settings: { number_of_replicas: 0 },
    mappings: {
      properties: {
        DATE: { type: 'date' },
        PRODUCT: { type: 'keyword' },
        REGION: { type: 'keyword' },
        AMOUNT: { type: 'double' },
        PLACE: { type: 'geo_point' },
        NOTE: { type: 'text' },
      },
    },
  });
  const operations = sales.flatMap(sale => [{ index: {} }, sale]);
  const answer = await client.bulk({ index: name, refresh: true, operations });
  if (answer.errors) throw new Error(`not all sales could be loaded into ${name}`);
  return {
    client,
    async drop() {
      await client.indices.delete({ index: name, ignore_unavailable: true });
      await client.close();
    },
  };
}
