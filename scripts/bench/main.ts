// `npm run bench [-- etl|client|steady|latency|flights|flood] [--turns N] [--rows N] [--files N] [--quick] [--profile] [--big]`: a table for people, and the
// same as JSON in the last line.
import { buildImages } from '../images/plans.ts';
import { announce } from '../services/command.ts';
import { dockerClient } from '../services/docker-client.ts';
import { bringUpServices, stopServices } from '../services/services.ts';
import { benchClient, CLIENT_CAPTION } from './client.ts';
import { openTarget, type Target } from './elasticsearch.ts';
import { benchEtl, etlCaption } from './etl.ts';
import { benchFlights } from './flights.ts';
import { benchFlood } from './flood.ts';
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

async function main(options: BenchOptions): Promise<void> {
  const { names } = options;
  const unknown = names.find(name => !(name in BENCHMARKS));
  if (unknown !== undefined)
    throw new Error(`no benchmark is called ${unknown}; there are ${Object.keys(BENCHMARKS).join(', ')}`);
  const { environment, started } = await bringUpServices(process.env);
  Object.assign(process.env, environment);
  const results: Record<string, Rows> = {};
  try {
    await buildImages(dockerClient(), process.env['BASE_IMAGE'] || undefined);
    for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
      announce(`${name}…`);
      results[name] = await BENCHMARKS[name]!(openTarget(environment.ELASTICSEARCH_NODE), options);
      process.stdout.write(`${name}\n${tableOf(results[name])}\n${captionOf(name, options)}`);
    }
  } finally {
    await stopServices(started);
  }
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

function captionOf(name: string, options: BenchOptions): string {
  if (name === 'etl') return `${etlCaption(options)}\n`;
  if (name === 'client') return `${CLIENT_CAPTION}\n`;
  return name === 'steady' ? `${STEADY_CAPTION}\n` : '';
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  announce(`npm run bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
