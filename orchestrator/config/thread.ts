// The thread that reads and judges YAML: it may take long, or all its memory, and the orchestrator goes on.
import { parentPort } from 'node:worker_threads';
import { readConfig } from './read-config.ts';
import type { ReadConfig, ReadRequest } from './reading.ts';

/** What it says: a file that it begins with, or the end. */
export type Said = { begin: string } | { end: ReadConfig };

parentPort?.on('message', (request: ReadRequest) => {
  const say = (said: Said) => parentPort?.postMessage(said);
  say({ end: readConfig(request, path => say({ begin: path })) });
});
