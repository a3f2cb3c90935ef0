// One way to load a file into Elasticsearch, and what it takes.
import { performance } from 'node:perf_hooks';
import type { Usage } from './child.ts';
import type { IndexModel, Target } from './elasticsearch.ts';
import { median } from './measure.ts';
import { type Bodies, sendBodies } from './raw-bulk.ts';

export const RAW = 'raw bulk limit';

export interface Contender {
  name: string;
  mapping: 'text' | 'inferred' | 'own';
  index: string;
  /** Makes the index ready; not measured. */
  prepare?: () => Promise<void>;
  load(): Promise<Usage>;
}

export interface Measured extends Usage {
  seconds: number;
  elasticsearchCpuSeconds: number;
  documents: number;
}

/** What index the default ETL makes; that first load also warms up the server. */
export async function modelOf(target: Target, contender: Contender): Promise<IndexModel> {
  await target.remove(contender.index);
  try {
    await contender.load();
    return await target.describe(contender.index);
  } finally {
    await target.remove(contender.index);
  }
}

/** The documents as they are, into an index of this model. */
export function rawLimit(target: Target, bodies: Bodies, mapping: Contender['mapping'], model: IndexModel): Contender {
  const index = `bench-raw-${mapping}`;
  return {
    name: RAW,
    mapping,
    index,
    prepare: () => target.create(index, model),
    async load() {
      const before = process.cpuUsage();
      await sendBodies(target.node, index, bodies);
      const { user, system } = process.cpuUsage(before);
      return { cpuSeconds: (user + system) / 1e6, peakMb: null };
    },
  };
}

/**
 * One load, from the start of the program until a refresh has made its documents searchable. The index is removed
 * before and behind it.
 */
export async function measure(target: Target, { index, prepare, load }: Contender): Promise<Measured> {
  await target.remove(index);
  await prepare?.();
  const before = await target.settle();
  try {
    const begin = performance.now();
    const usage = await load();
    await target.refresh(index);
    const seconds = (performance.now() - begin) / 1000;
    const elasticsearchCpuSeconds = (await target.cpuSeconds()) - before;
    return { ...usage, seconds, elasticsearchCpuSeconds, documents: await target.count(index) };
  } finally {
    await target.remove(index);
  }
}

/** Medians. */
export function summaryOf(taken: Measured[]): Omit<Measured, 'documents'> {
  const medianOf = (value: (load: Measured) => number): number => median(taken.map(value));
  return {
    seconds: medianOf(load => load.seconds),
    cpuSeconds: medianOf(load => load.cpuSeconds),
    elasticsearchCpuSeconds: medianOf(load => load.elasticsearchCpuSeconds),
    peakMb: taken.every(load => load.peakMb !== null) ? medianOf(load => load.peakMb ?? 0) : null,
  };
}
