// Tries to make the terminal of whoever asks obey a file's name: ESC, 8-bit controls and turned texts in names, cells
// and messages, through every command and the log.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import {
  makeFolder,
  removeFolder,
  startOrchestrator,
  type TestOrchestrator,
  withoutServices,
} from '../../orchestrator/e2e/harness.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';

const bin = fileURLToPath(new URL('../../orchestrator/bin.js', import.meta.url));
const NAME = 'a\u001b]0;owned\u0007\u001b[2J\u009b31m\u0085\u202efdp.\u2066x.csv';
const YAML = `WATCH_DIR: '{folder}/in'
RUNNER: process
LOAD: { target: lake }
`;
// oxlint-disable-next-line no-control-regex -- finding them is the point
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/u;

let folder: string;
let service: TestOrchestrator;
before(async () => {
  folder = await makeFolder({
    names: YAML,
    failing: `${YAML.replace('/in', '/failing')}RETRIES: 0\nCOMMAND: [/bin/sh, -c, 'printf "\\033[2J\\302\\233m"; exit 3']\n`,
  });
  for (const name of ['in', 'failing']) await mkdir(join(folder, name));
  service = await startOrchestrator(folder, { ...withoutServices(folder), LOG_FORMAT: 'json' });
  await writeFile(join(folder, 'in', NAME), 'A,\u009bB\n1,2\n\u001b[2J,2,3\n');
  await writeFile(join(folder, 'failing', NAME), 'A\n1\n');
  await waitFor(
    'both have ended',
    async () => /failing.*exit code 3/s.test(await service.output()) && /: done/.test(await service.output()),
  );
});
after(async () => {
  await service.kill('SIGTERM');
  await removeFolder(folder);
});

test('no command writes what a terminal obeys', async () => {
  const path = join(folder, 'in', NAME);
  const commands = [
    ['status'],
    ['explain', path],
    ['preview', path],
    ['preview', path, '--json'],
    ['run', 'failing', join(folder, 'failing', NAME)],
    ['rejects', NAME],
    ['import', path],
    [NAME],
  ];
  const outputs = await Promise.all(commands.map(words => command(...words)));
  for (const [position, output] of outputs.entries())
    assert.doesNotMatch(output, OBEYED, commands[position]?.join(' '));
  assert.match(outputs[1] ?? '', /a\\u001b\]0;owned\\u0007\\u001b\[2J\\u009b31m\\u0085\\u202efdp/);
});

test('nor does the log, whose lines stay JSON with the very name where that is asked for', async () => {
  const output = await service.output();
  assert.doesNotMatch(output, OBEYED);
  const lines = output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);
  assert.ok(
    lines.some(line => line['file.path'] === NAME),
    output,
  );
});

async function command(...words: string[]): Promise<string> {
  const { all } = await execa(process.execPath, [bin, ...words], {
    all: true,
    reject: false,
    stdin: 'ignore',
    env: {
      CONFIG_DIR: join(folder, 'config'),
      DATA_DIR: join(folder, 'data'),
      PORT: new URL(service.url).port,
      ELASTICSEARCH_NODE: '',
    },
  });
  return all;
}
