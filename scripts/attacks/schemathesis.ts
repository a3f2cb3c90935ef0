// `node scripts/attacks/schemathesis.ts [--seconds N]`: schemathesis asks whatever the OpenAPI document allows, and
// what it does not, of a service that has runs, rejects and a lake; 600 s unless told. Prints a summary as JSON; exit
// code 1 where an answer was not as documented, the service did not answer, or its memory grew.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { runCommand } from '../services/command.ts';
import { memoryOf } from './memory.ts';

const VERSION = '4.32.5';
const MB = 1024 * 1024;
/** The heap settles only after a while. */
const MOST_GROWTH = 200 * MB;
const ANSWER_WITHIN_MS = 5000;
/** Goes on until the client leaves, and is tried by c-requests.test.ts. */
const ENDLESS = '/api/events';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } });
const seconds = Number(values.seconds);
const folder = await makeFolder({ rows: 'WATCH_DIR: {folder}/in\nRUNNER: process\nLOAD: { target: lake }\n' });
try {
  const program = await install(folder);
  const orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: '' });
  try {
    process.exitCode = await attack(program, orchestrator);
  } finally {
    await orchestrator.kill('SIGKILL');
  }
} finally {
  await removeFolder(folder);
}

/** In an environment of its own. Returns the program's path. */
async function install(place: string): Promise<string> {
  const environment = join(place, 'python');
  await runCommand('python3', ['-m', 'venv', environment]);
  await runCommand(join(environment, 'bin/pip'), ['install', '--quiet', `schemathesis==${VERSION}`]);
  return join(environment, 'bin/schemathesis');
}

async function attack(program: string, orchestrator: TestOrchestrator): Promise<number> {
  const runs = await makeRuns(orchestrator);
  const watch = watchService(orchestrator);
  // Ids that somebody makes up are of no run: half of the time they are of some.
  const half = String(Math.max(1, Math.floor(seconds / 2)));
  const strangers = await ask(program, orchestrator, ['--max-time', half]);
  const known = await ask(program, orchestrator, ['--max-time', half], { 'path.id': runs, 'path.name': ['rows'] });
  const { hangs, startBytes, mostBytes, lastBytes } = watch.stop();
  const { exitCode } = orchestrator.process;
  const hasGrown = lastBytes - startBytes > MOST_GROWTH;
  const isGood = strangers === 0 && known === 0 && hangs === 0 && !hasGrown && exitCode === null;
  const megabytes = (bytes: number) => Math.round(bytes / MB);
  const memory = { start: megabytes(startBytes), most: megabytes(mostBytes), last: megabytes(lastBytes) };
  console.log(JSON.stringify({ isGood, exitCodes: [strangers, known], hangs, memoryMb: memory, ended: exitCode }));
  if (!isGood) console.error((await orchestrator.output()).slice(-5000));
  return isGood ? 0 : 1;
}

/** One that is done with rejected rows, one that is quarantined. Returns their ids. */
async function makeRuns(orchestrator: TestOrchestrator): Promise<string[]> {
  await mkdir(join(folder, 'in'), { recursive: true });
  await writeFile(join(folder, 'in', 'a.csv'), 'a;b\n1;2\n3;4;5\n6;7\n8;9;10\n');
  await writeFile(join(folder, 'in', 'b.csv'), 'a;b\n1;2;3\n');
  const runs = await orchestrator.waitForRuns(
    'dataset=rows',
    all => all.length === 2 && all.every(({ endedAt }) => endedAt !== null),
  );
  return runs.map(({ id }) => id);
}

async function ask(
  program: string,
  { url, token }: TestOrchestrator,
  options: string[],
  parameters: Record<string, string[]> = {},
): Promise<number> {
  const lines = Object.entries(parameters).map(([name, all]) => `"${name}" = ${JSON.stringify(all[0])}`);
  const config = join(folder, 'schemathesis.toml');
  await writeFile(config, lines.length === 0 ? '' : `[parameters]\n${lines.join('\n')}\n`);
  const auth = `Authorization: Bearer ${token}`;
  const words = ['--config-file', config, 'run', `${url}/docs/json`, '--header', auth, '--exclude-path', ENDLESS];
  words.push('--request-timeout', '60', '--workers', '1', '--continue-on-failure', '--output-truncate', 'true');
  words.push('--no-color', ...options);
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

/** Looks every second whether it answers, and how large it is. */
function watchService({ url, process: child }: TestOrchestrator) {
  const seen: number[] = [memoryOf(child.pid!)];
  let hangs = 0;
  const timer = setInterval(() => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    seen.push(memoryOf(child.pid!));
    fetch(`${url}/api/health`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).then(
      response => response.arrayBuffer(),
      () => {
        hangs += 1;
      },
    );
  }, 1000);
  return {
    stop() {
      clearInterval(timer);
      const settled = seen[Math.min(30, seen.length - 1)] as number;
      return { hangs, startBytes: settled, mostBytes: Math.max(...seen), lastBytes: seen.at(-1) as number };
    },
  };
}
