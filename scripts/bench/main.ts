// `npm run bench [-- etl|client|steady|latency|flights|flood|journal] [--turns N] [--rows N] [--files N] [--quick]
// [--profile] [--big]`: a table for people, and the same as JSON in the last line.
import { buildImages } from '../images/plans.ts';
import { announce } from '../services/command.ts';
import { dockerClient } from '../services/docker-client.ts';
import { bringUpServices, stopServices } from '../services/services.ts';
import { benchClient, CLIENT_CAPTION } from './client.ts';
import { openTarget, type Target } from './elasticsearch.ts';
import { benchEtl, etlCaption } from './etl.ts';
import { benchFlights } from './flights.ts';
import { benchFlood } from './flood.ts';
import { benchJournal, JOURNAL_CAPTION } from './journal.ts';
import { benchLatency } from './latency.ts';
import { type Rows, tableOf } from './measure.ts';
import { type BenchOptions, readOptions } from './options.ts';
import { benchSteady, STEADY_CAPTION } from './steady.ts';

const BENCHMARKS: Record<string, (target: Target, options: BenchOptions) => Promise<Rows>> = {
  etl: benchEtl,
  client: (_, options) => benchClient(options),
  steady: benchSteady,
  latency: benchLatency,
  flights: benchFlights,
  flood: benchFlood,
};
/** By itself: it takes half an hour, and nothing but a disk. */
const JOURNAL = 'journal';

async function main(options: BenchOptions): Promise<void> {
  const { names } = options;
  if (names.join() === JOURNAL) return showAll({ [JOURNAL]: show(JOURNAL, await benchJournal(options), options) });
  const unknown = names.find(name => !(name in BENCHMARKS));
  if (unknown !== undefined)
    throw new Error(
      `no benchmark is called ${unknown}; there are ${Object.keys(BENCHMARKS).join(', ')}, and ${JOURNAL}, by itself`,
    );
  const { environment, started } = await bringUpServices(process.env);
  Object.assign(process.env, environment);
  const results: Record<string, Rows> = {};
  try {
    await buildImages(dockerClient(), process.env['BASE_IMAGE'] || undefined);
    for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
      announce(`${name}…`);
      results[name] = show(name, await BENCHMARKS[name]!(openTarget(environment.ELASTICSEARCH_NODE), options), options);
    }
  } finally {
    await stopServices(started);
  }
  showAll(results);
}

function show(name: string, rows: Rows, options: BenchOptions): Rows {
  process.stdout.write(`${name}\n${tableOf(rows)}\n${captionOf(name, options)}`);
  return rows;
}

function showAll(results: Record<string, Rows>): void {
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

function captionOf(name: string, options: BenchOptions): string {
  if (name === 'etl') return `${etlCaption(options)}\n`;
  if (name === 'client') return `${CLIENT_CAPTION}\n`;
  if (name === JOURNAL) return `${JOURNAL_CAPTION}\n`;
  return name === 'steady' ? `${STEADY_CAPTION}\n` : '';
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  announce(`npm run bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
