import { readFileSync } from 'node:fs';
import { configFailure, messageOf } from './failure.ts';
import type { Environment } from './settings.ts';

/** The environment with what CONNECTIONS_FILE says in place of its own: a JSON object of variables. Throws EtlFailure 78. */
export function withConnections(env: Environment): Environment {
  const { CONNECTIONS_FILE: path } = env;
  if (!path) return env;
  const read = readConnections(path);
  const isGood = typeof read === 'object' && read !== null && !Array.isArray(read);
  if (!isGood || !Object.values(read).every(value => typeof value === 'string'))
    throw configFailure(`CONNECTIONS_FILE ${path} holds no JSON object of variables and their texts`);
  return { ...env, ...(read as Environment) };
}

function readConnections(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // What JSON.parse says repeats a piece of the text, which may be a password.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
    throw configFailure(`CONNECTIONS_FILE ${path} can't be read: ${reason}`);
  }
}
