#!/usr/bin/env node
// Plain JavaScript, so that it runs on the Node the machine has (20 or newer) and hands over to the Node 24 that
// npm installed beside us: only that one runs TypeScript without a build.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

const WANTED_MAJOR = 24;
const self = fileURLToPath(import.meta.url);
const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (!existsSync(new URL('../node_modules/commander', import.meta.url))) {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  console.error(`orchestrator: its packages are not installed yet; run: node ${folder}scripts/install.js`);
  process.exitCode = 1;
} else if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) {
  // V8 would give what was just made up to 32 MB, and keep them: 45 MB less where many files come (Node 24.21).
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  // To share the clearing of one megabyte among threads costs more than it: a fifth of our CPU where many files come and the processors are busy, nothing where they are not.
  v8.setFlagsFromString('--no-parallel-scavenge');
  // Where the types are stripped already, what strips them is not loaded: 24 MB and half a second of CPU less (Node 24.21).
  if (process.env.NODE_COMPILE_CACHE === undefined)
    module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/orchestrator', import.meta.url)));
  await import('./main.ts');
} else if (existsSync(bundled)) {
  handOver();
} else {
  console.error(
    `orchestrator: Node ${WANTED_MAJOR} or newer is needed, this is ${process.version}, and none is in node_modules; run "npm install" in ${fileURLToPath(new URL('..', import.meta.url))}`,
  );
  process.exitCode = 1;
}

function handOver() {
  const binFolder = fileURLToPath(new URL('../node_modules/.bin', import.meta.url));
  const child = spawn(bundled, [self, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ORCHESTRATOR_LAUNCHER: 'bin.js', PATH: `${binFolder}${delimiter}${process.env.PATH ?? ''}` },
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {}); // Ctrl-C reaches the child by itself: it is in our process group
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + (signal === 'SIGINT' ? 2 : 15);
  });
}
