// The default ETL beside the raw bulk limit, for the flights and for ten times as many rows: what is beyond the flights
// tells the steady speed, without start and end.
import { type Contender, measure, type Measured, modelOf, RAW, rawLimit, summaryOf } from './contender.ts';
import { loadByProcess } from './default-etl.ts';
import type { Target } from './elasticsearch.ts';
import { inTurns, round, type Rows } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { renderBodies } from './raw-bulk.ts';
import { TIMES, withFlights, withRepeated } from './sample.ts';

export const STEADY_CAPTION = `Text with a keyword sub-field. Seconds are from the start of the program (raw: from the first request, the documents being rendered and the index made
beforehand) until a refresh has made all documents searchable. "beyond the first" is the difference of the two sizes: neither start nor end is in it. "of the limit" is the raw
limit's time for the same rows, by the load's. Medians; CPU and memory are the client's.`;

interface Sized extends Contender {
  rows: number;
}

interface Summary {
  what: string;
  isRaw: boolean;
  rows: number;
  seconds: number;
  cpuSeconds: number;
  peakMb: number | null;
  lost: number;
  all: string;
}

export async function benchSteady(target: Target, { turns, rows }: BenchOptions): Promise<Rows> {
  return await withFlights(rows, flights =>
    withRepeated(flights, TIMES, async tenfold => {
      const model = await modelOf(target, etl(target, flights));
      const contenders: Sized[] = [];
      for (const file of [flights, tenfold]) {
        const bodies = await renderBodies(file);
        const raw = rawLimit(target, bodies, 'text', model);
        for (const each of [raw, etl(target, file)]) contenders.push({ ...each, rows: bodies.documents });
      }
      const loads = await inTurns(contenders, turns, contender => measure(target, contender));
      return rowsOf([...loads].map(summarize));
    }),
  );
}

function etl({ node }: Target, file: string): Contender {
  const index = 'bench-steady';
  const load = () => loadByProcess({ node, file, index, types: 'text' });
  return { name: 'default ETL, process', mapping: 'text', index, load };
}

function summarize([{ name, rows }, taken]: [Sized, Measured[]]): Summary {
  const { seconds, cpuSeconds, peakMb } = summaryOf(taken);
  const lost = rows - Math.min(...taken.map(({ documents }) => documents));
  const all = taken.map(load => load.seconds.toFixed(2)).join(' ');
  return { what: name, isRaw: name === RAW, rows, seconds, cpuSeconds, peakMb, lost, all };
}

function rowsOf(summaries: Summary[]): Rows {
  const [raw, process, rawTenfold, processTenfold] = summaries as [Summary, Summary, Summary, Summary];
  const all = [...summaries, beyond(raw, rawTenfold), beyond(process, processTenfold)];
  return all.map(({ what, isRaw, rows, seconds, cpuSeconds, peakMb, lost, all: times }) => {
    const limit = all.find(other => other.isRaw && other.rows === rows)!.seconds;
    return {
      what,
      rows,
      s: round(seconds, 2),
      'documents/s': round(rows / seconds),
      'of the limit': isRaw ? 1 : round(limit / seconds, 3),
      'client CPU s': round(cpuSeconds, 2),
      'peak MB': peakMb === null ? null : round(peakMb),
      'rows lost': lost,
      'all s': times,
    };
  });
}

/** What the larger of two loads took beyond the smaller one. */
function beyond(small: Summary, large: Summary): Summary {
  return {
    ...large,
    what: `${large.what}, beyond the first ${small.rows}`,
    rows: large.rows - small.rows,
    seconds: large.seconds - small.seconds,
    cpuSeconds: large.cpuSeconds - small.cpuSeconds,
    peakMb: null,
    all: '',
  };
}
