// `npm test [-- PATH…]`: brings up a real Docker Engine and a real Elasticsearch, builds the images where they changed,
// runs the tests of these paths (all of them unless told), and stops what it started.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildImages } from './images/plans.ts';
import { announce } from './services/command.ts';
import { dockerClient } from './services/docker-client.ts';
import { bringUpServices, stopServices } from './services/services.ts';
import { listContainers, newContainers } from './tests/containers.ts';
import { testFiles } from './tests/files.ts';
import { complaints, isSummary } from './tests/summary.ts';
import { installTools } from './tests/tools.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Shown in the output where it is set: what was not run must never look like a success. */
const OPT_OUT = 'ALLOW_SKIPPED_TESTS';

async function main(paths: string[]): Promise<number> {
  const files = testFiles(root, paths);
  if (files.length === 0)
    throw new Error(`no *.test.ts below ${paths.join(' ') || 'the project'}: name a folder or a file of tests`);
  await installTools();
  const { environment, started } = await bringUpServices(process.env);
  Object.assign(process.env, environment);
  const summary: string[] = [];
  const problems: string[] = [];
  let code = 1;
  try {
    const docker = dockerClient();
    await buildImages(docker, process.env['BASE_IMAGE'] || undefined);
    const before = await listContainers(docker);
    code = await runTests(files, summary);
    problems.push(
      ...(await newContainers(docker, before)).map(name => `container ${name} is left over: its test must remove it`),
    );
  } finally {
    await stopServices(started);
  }
  problems.push(...complaints(summary, process.env[OPT_OUT] === '1' ? OPT_OUT : null));
  for (const problem of problems) process.stdout.write(`✖ ${problem}\n`);
  process.stdout.write(summary.map(line => `${line}\n`).join(''));
  return code === 0 && problems.length > 0 ? 1 : code;
}

/** Shows what the tests print while they run, and keeps the runner's summary for the end. Returns its exit code. */
function runTests(files: string[], summary: string[]): Promise<number> {
  const options = ['--test', '--test-concurrency=2', '--test-timeout=300000', '--test-reporter=spec'];
  const child = spawn(process.execPath, [...options, ...files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
  });
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, forward);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', line => {
    if (summary.length > 0 || isSummary(line)) summary.push(line);
    else process.stdout.write(`${line}\n`);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve(code ?? 1));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  announce(`npm test: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
