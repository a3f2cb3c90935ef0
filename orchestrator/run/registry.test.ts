import assert from 'node:assert/strict';
import { it } from 'node:test';
import { datasetOf } from '../config/testing/dataset.ts';
import { type ContainerFacts, suitsContainers } from './docker/suits-containers.ts';
import { type InstalledRunner, type RunnerChoice, RunnerRegistry } from './registry.ts';
import type { Runner } from './runner.ts';

interface Facts extends ContainerFacts {
  wish: string;
}

const facts: Facts = {
  wish: 'auto',
  image: undefined,
  engine: { available: true, host: 'unix:///var/run/docker.sock' },
  defaultImage: { name: 'orchestrator-etl/default-etl', isThere: true },
  last: null,
};
const away = { available: false, host: 'unix:///var/run/docker.sock' };
const absent = { name: 'orchestrator-etl/default-etl', isThere: false };

function installed(kind: string, manner: string, more: Partial<InstalledRunner> = {}): InstalledRunner {
  return { runner: { kind } as Runner, manner, close: async () => undefined, ...more };
}

function choose({ wish, ...of }: Facts): Promise<RunnerChoice> {
  const docker = installed('docker', 'runs in containers', { suits: async () => suitsContainers(of) });
  const rest = installed('process', 'runs as a process', {
    suits: async (_, { others }) => ({ suits: true, why: others.join('; ') }),
  });
  const registry = new RunnerRegistry([docker, rest], async () => null);
  return registry.choice({ ...datasetOf('sales', '/srv/in'), settings: { RUNNER: wish } as never });
}

const table: Array<[string, Partial<Facts>, 'docker' | 'process', RegExp]> = [
  ['an engine with the default image runs containers', {}, 'docker', /Docker answers/],
  [
    'without an engine it is a process, and the reason says how to get containers',
    { engine: away },
    'process',
    /no Docker Engine answers at unix.*start Docker/,
  ],
  [
    'without the default image it is a process, and the reason says how to build it',
    { defaultImage: absent },
    'process',
    /npm run images/,
  ],
  [
    'a DOCKER_IMAGE runs in containers even where it must be pulled',
    { image: 'curl', defaultImage: absent },
    'docker',
    /DOCKER_IMAGE is curl$/,
  ],
  [
    'a DOCKER_IMAGE waits for an engine that is away: no other program takes its place',
    { image: 'curl', engine: away },
    'docker',
    /runs wait for it/,
  ],
  [
    'what ran in containers waits for an engine that is away: no process takes its place',
    { engine: away, last: 'docker' },
    'docker',
    /no Docker Engine answers.*runs wait for it, unless RUNNER: process/,
  ],
  [
    'what ran in containers waits for an image that was removed',
    { defaultImage: absent, last: 'docker' },
    'docker',
    /default-etl is not there now, so runs wait/,
  ],
  [
    'what ran as a process goes on so while the engine is away',
    { engine: away, last: 'process' },
    'process',
    /no Docker/,
  ],
  ['what ran as a process gets containers once they can be had', { last: 'process' }, 'docker', /Docker answers/],
  [
    'RUNNER: process goes before what ran in containers',
    { wish: 'process', engine: away, last: 'docker' },
    'process',
    /RUNNER says so/,
  ],
  ['RUNNER: process is obeyed', { wish: 'process', image: 'curl' }, 'process', /RUNNER says so/],
  ['RUNNER: docker is obeyed', { wish: 'docker', engine: away }, 'docker', /RUNNER says so/],
];

for (const [title, difference, kind, reason] of table) {
  it(title, async () => {
    const choice = await choose({ ...facts, ...difference });
    assert.equal(choice.kind, kind);
    assert.match(choice.reason, reason);
  });
}

it('a runner that is added is RUNNER: auto where it suits and nobody before it does, else by its name alone', async () => {
  const never = installed('docker', 'runs in containers', { suits: async () => ({ suits: false, why: 'no engine' }) });
  const added = (suits?: InstalledRunner['suits']) => installed('cluster', 'runs in a cluster', suits && { suits });
  const rest = installed('process', 'runs as a process', {
    suits: async (_, { others }) => ({ suits: true, why: others.join('; ') }),
  });
  const chosen = (wish: string, ...all: InstalledRunner[]) =>
    new RunnerRegistry(all, async () => null).choice({
      ...datasetOf('sales', '/srv/in'),
      settings: { RUNNER: wish } as never,
    });
  const free = async () => ({ suits: true, why: 'it is free' });
  assert.equal((await chosen('auto', never, added(free), rest)).reason, 'runs in a cluster: it is free');
  assert.equal((await chosen('auto', never, added(), rest)).reason, 'runs as a process: no engine');
  assert.equal((await chosen('cluster', never, added(), rest)).reason, 'runs in a cluster: RUNNER says so');
  await assert.rejects(chosen('swarm', never, rest), /there is no runner swarm; there are docker, process/);
});

it('what ran a dataset last is asked of the journal once, and later what was chosen counts', async () => {
  const asked: Array<string | null> = [];
  const seen: Array<string | null> = [];
  const curious = installed('process', 'runs as a process', {
    async suits(dataset, { lastKind }) {
      seen.push(await lastKind(dataset), await lastKind(null));
      return { suits: true, why: 'it is asked' };
    },
  });
  const registry = new RunnerRegistry([curious], async dataset => (asked.push(dataset), 'docker'));
  const dataset = datasetOf('sales', '/srv/in');
  await registry.for(dataset);
  await registry.choice(dataset);
  assert.deepEqual(seen, ['docker', 'docker', 'process', 'docker']);
  assert.deepEqual(asked, ['sales', null, null]);
});
