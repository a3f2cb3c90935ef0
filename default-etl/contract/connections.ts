import { readFileSync } from 'node:fs';
import { configFailure, messageOf } from './failure.ts';
import type { Environment } from './settings.ts';

/**
 * The environment with what CONNECTIONS_FILE, and ENVIRONMENT_FILE, which has what is too large for a variable, say in
 * place of its own: each a JSON object of variables. Throws EtlFailure 78.
 */
export function withConnections(env: Environment): Environment {
  return { ...env, ...variablesIn('ENVIRONMENT_FILE', env), ...variablesIn('CONNECTIONS_FILE', env) };
}

function variablesIn(name: 'ENVIRONMENT_FILE' | 'CONNECTIONS_FILE', env: Environment): Environment {
  const path = env[name];
  if (!path) return {};
  const read = readVariables(name, path);
  const isGood = typeof read === 'object' && read !== null && !Array.isArray(read);
  if (!isGood || !Object.values(read).every(value => typeof value === 'string'))
    throw configFailure(`${name} ${path} holds no JSON object of variables and their texts`);
  return read as Environment;
}

function readVariables(name: string, path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // What JSON.parse says repeats a piece of the text, which may be a password.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
    throw configFailure(`${name} ${path} can't be read: ${reason}`);
  }
}
