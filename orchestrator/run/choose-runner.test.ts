import assert from 'node:assert/strict';
import { it } from 'node:test';
import { chooseRunner, type RunnerFacts } from './choose-runner.ts';

const facts: RunnerFacts = {
  wish: 'auto',
  hasCommand: false,
  image: undefined,
  engine: { available: true, host: 'unix:///var/run/docker.sock' },
  defaultImage: { name: 'orchestrator-etl/default-etl', isThere: true },
  last: null,
};
const away = { available: false, host: 'unix:///var/run/docker.sock' };
const absent = { name: 'orchestrator-etl/default-etl', isThere: false };

const table: Array<[string, Partial<RunnerFacts>, 'docker' | 'process', RegExp]> = [
  ['an engine with the default image runs containers', {}, 'docker', /Docker answers/],
  ['a COMMAND is a process', { hasCommand: true }, 'process', /COMMAND is set/],
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
  it(title, () => {
    const choice = chooseRunner({ ...facts, ...difference });
    assert.equal(choice.kind, kind);
    assert.match(choice.reason, reason);
  });
}
