// The default ETL alone, as a process and in a container, beside the raw bulk limit and beside other programs: one file,
// one server, in turns, so that whatever slows the machine slows all of them.
import { BIG_CAPTION, benchBig } from './big.ts';
import { announce } from '../services/command.ts';
import { type Contender, measure, type Measured, modelOf, RAW, rawLimit, summaryOf } from './contender.ts';
import { loadByContainer, loadByProcess } from './default-etl.ts';
import type { Target } from './elasticsearch.ts';
import { inTurns, round, type Rows } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { providePeers } from './peers.ts';
import { PROFILE_CAPTION, profileEtl } from './profile.ts';
import { type Bodies, renderBodies } from './raw-bulk.ts';
import { withFlights } from './sample.ts';

const CAPTION = `Seconds are from the start of the program (raw: from the first request, the documents being rendered and the index made beforehand) until all
documents are acknowledged and searchable: each ends with a refresh. "of the limit" is the raw limit's time, same mapping, by the load's.
"text" is text with a keyword sub-field, "inferred" what the default ETL finds out, "own" what Elasticsearch guesses: beside the limit of text.
CPU is user and system; Elasticsearch's is its whole process. Memory is the largest process's at its highest. All of median.`;

const TYPES = ['text', 'inferred'] as const;
type Types = (typeof TYPES)[number];

/** What the numbers of the table are. */
export function etlCaption({ big, profile }: BenchOptions): string {
  return big ? BIG_CAPTION : profile ? PROFILE_CAPTION : CAPTION;
}

export async function benchEtl(target: Target, options: BenchOptions): Promise<Rows> {
  if (options.big) return await benchBig();
  return await withFlights(options.rows, async file => {
    if (options.profile) return await profileEtl(target, file);
    const bodies = await renderBodies(file);
    const contenders = await allContenders(target, file, bodies);
    const loads = await inTurns(contenders, options.turns, contender => measureOr(target, contender));
    return rowsOf(loads, bodies.documents);
  });
}

async function allContenders(target: Target, file: string, bodies: Bodies): Promise<Contender[]> {
  const peers = await providePeers();
  const { node } = target;
  const ours: Contender[] = [];
  for (const types of TYPES) {
    const index = `bench-etl-${types}`;
    const process = { name: 'default ETL, process', mapping: types, index } satisfies Partial<Contender>;
    const asProcess: Contender = { ...process, load: () => loadByProcess({ node, file, index, types }) };
    const model = await modelOf(target, asProcess);
    ours.push(rawLimit(target, bodies, types, model), asProcess, {
      ...process,
      name: 'default ETL, container',
      load: () => loadByContainer({ node, file, index, types }),
    });
  }
  const others = peers.map((peer, number): Contender => {
    const index = `bench-peer-${number}`;
    return { name: peer.name, mapping: 'own', index, load: () => peer.load(node, file, index) };
  });
  return [...ours, ...others];
}

/** A peer that fails is no reason to measure nothing; it is said, and counted as a turn less. */
async function measureOr(target: Target, contender: Contender): Promise<Measured | undefined> {
  try {
    return await measure(target, contender);
  } catch (error) {
    if (contender.mapping !== 'own') throw error;
    announce(`${contender.name} failed, and is left out of this turn: ${String(error)}`);
    return undefined;
  }
}

function rowsOf(loads: Map<Contender, Measured[]>, documents: number): Rows {
  const limits = Object.fromEntries(
    [...loads].filter(([{ name }]) => name === RAW).map(([{ mapping }, taken]) => [mapping, summaryOf(taken).seconds]),
  ) as Record<Types, number>;
  return [...loads].map(([{ name, mapping }, taken]) => {
    const what = { what: name, mapping };
    if (taken.length === 0) return { ...what, 'all s': 'failed' };
    const { seconds, cpuSeconds, elasticsearchCpuSeconds, peakMb } = summaryOf(taken);
    return {
      ...what,
      s: round(seconds, 2),
      'documents/s': round(documents / seconds),
      'of the limit': round(limits[mapping === 'own' ? 'text' : mapping] / seconds, 3),
      'of the text limit': round(limits.text / seconds, 3),
      'client CPU s': round(cpuSeconds, 2),
      'Elasticsearch CPU s': round(elasticsearchCpuSeconds, 2),
      'peak MB': peakMb === null ? null : round(peakMb),
      'rows lost': documents - Math.min(...taken.map(load => load.documents)),
      'all s': taken.map(load => load.seconds.toFixed(2)).join(' '),
    };
  });
}
