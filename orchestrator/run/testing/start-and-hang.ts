// An orchestrator to be killed: starts one attempt, follows it, says its handle, and goes on until it is killed.
// Usage: node start-and-hang.ts RUNNER PLACE JOB-OPTIONS (the last two as JSON)
import { systemClock } from '../../clock.ts';
import { connectEngine } from '../docker/engine.ts';
import { ProcessRunner } from '../process/process-runner.ts';
import type { Runner } from '../runner.ts';
import { type JobOptions, makeJob, type Place, silentLogger } from './attempts.ts';
import { testDockerRunner } from './docker-runner.ts';
import { InlineRunner } from './inline-runner.ts';

const MAKE: Readonly<Record<string, () => Runner>> = {
  docker: dockerRunner,
  process: processRunner,
  inline: () => new InlineRunner({ dataDir: place.dataDir, killAfterMs: 300 }),
};

const [kind = '', placeText = '', jobText = ''] = process.argv.slice(2);
const place = JSON.parse(placeText) as Place;
const runner = MAKE[kind]?.();
if (runner === undefined) throw new Error(`there is no runner ${kind}`);
const job = await makeJob(place, JSON.parse(jobText) as JobOptions);
const handle = await runner.start(job);
process.stdout.write(`${handle}\n`);
await runner.follow(handle, job, () => {});

function dockerRunner(): Runner {
  return testDockerRunner(connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock), place);
}

function processRunner(): Runner {
  return new ProcessRunner({
    mask: text => text,
    logger: silentLogger,
    clock: systemClock,
    dataDir: place.dataDir,
    projectDir: place.watchDir,
    defaultEtl: [],
    environment: process.env,
  });
}
