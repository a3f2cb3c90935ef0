// An orchestrator to be killed: starts one attempt, follows it, says its handle, and goes on until it is killed.
// Usage: node start-and-hang.ts RUNNER PLACE JOB-OPTIONS (the last two as JSON)
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { connectEngine } from '../docker/engine.ts';
import { createDockerRunner } from '../docker/docker-runner.ts';
import { readInstance } from '../instance.ts';
import { createProcessRunner } from '../process/process-runner.ts';
import type { Runner } from '../runner.ts';
import { testNetwork } from './network.ts';
import { type JobOptions, makeJob, type Place, silentLogger, uids } from './attempts.ts';

const [kind, placeText, jobText] = process.argv.slice(2) as [Runner['kind'], string, string];
const place = JSON.parse(placeText) as Place;
const runner = kind === 'docker' ? dockerRunner() : processRunner();
const job = await makeJob(place, JSON.parse(jobText) as JobOptions);
const handle = await runner.start(job);
process.stdout.write(`${handle}\n`);
await runner.follow(handle, job, () => {});

function dockerRunner(): Runner {
  const engine = connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock);
  return createDockerRunner({
    engine,
    logger: silentLogger,
    clock: systemClock,
    instance: readInstance(place.dataDir),
    warmDir: join(place.dataDir, 'warm'),
    uids,
    dockerConfigFile: join(place.dataDir, 'no-docker-config.json'),
    surroundings: async () => ({ hostPaths: null, ownNetwork: null }),
    network: testNetwork(engine, place.dataDir),
    defaultImage: 'none',
    mask: text => text,
  });
}

function processRunner(): Runner {
  return createProcessRunner({
    mask: text => text,
    logger: silentLogger,
    clock: systemClock,
    dataDir: place.dataDir,
    projectDir: place.watchDir,
    defaultEtl: [],
    environment: process.env,
  });
}
