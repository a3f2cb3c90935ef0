import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../services/cache.ts';
import { announce, runCommand } from '../services/command.ts';
import { measureChild, type Usage } from './child.ts';
import { providePython } from './python.ts';

/** Another program that loads a CSV file, run as its users run it. */
export interface Peer {
  name: string;
  load(node: string, file: string, index: string): Promise<Usage>;
}

/**
 * Where git finds the original's library; PYPEL_SOURCE names another place. It can't be installed: its setup.py leaves
 * a part of it out.
 */
const PYPEL = 'https://github.com/139bercy/pypel';
const CLONE_LIMIT_MS = 60_000;

/** Installs what they need. Where the original's library can't be had, its steps stand in for it, and the name says so. */
export async function providePeers(): Promise<Peer[]> {
  const python = await providePython(pathOf('pandas-requirements.txt'));
  return [
    peer('by hand: csv-parse, helpers.bulk', process.execPath, 'node-by-hand.ts'),
    peer('pandas, streaming_bulk', python, 'pandas_streaming.py'),
    await providePypel(),
  ];
}

async function providePypel(): Promise<Peer> {
  const python = await providePython(pathOf('pypel-requirements.txt'));
  try {
    return peer('pypel 1.0.1', python, 'pypel_process.py', { PYTHONPATH: await clonePypel() });
  } catch (error) {
    announce(
      `pypel's steps stand in for it, as PYPEL_SOURCE names no repository that it can be had from: ${String(error)}`,
    );
    return peer('the steps of pypel', python, 'pypel_steps.py');
  }
}

async function clonePypel(): Promise<string> {
  const folder = join(cacheFolder('bench-python'), 'pypel');
  if (existsSync(folder)) return folder;
  const source = process.env['PYPEL_SOURCE'] || PYPEL;
  await runCommand('git', ['clone', '-q', '--depth=1', source, folder], {
    env: { GIT_TERMINAL_PROMPT: '0' },
    timeoutMs: CLONE_LIMIT_MS,
  });
  return folder;
}

function peer(name: string, command: string, script: string, env: Record<string, string> = {}): Peer {
  const load: Peer['load'] = (node, file, index) =>
    measureChild(command, [pathOf(script), file, index], { env: { ...env, ELASTICSEARCH_NODE: node } });
  return { name, load };
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`peers/${name}`, import.meta.url));
}
