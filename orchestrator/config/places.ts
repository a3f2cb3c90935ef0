import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isWithin } from '../files/within.ts';
import type { Environment } from './environment.ts';
import type { Variables } from './substitute.ts';

/** Where the orchestrator's own things are: absolute paths. */
export interface Places {
  configDir: string;
  /** Relative paths of YAML are from here. */
  root: string;
  dataDir: string;
  policyFile: string;
  /** POLICY_FILE names it: then it must be there. */
  isPolicyNamed: boolean;
  /** The SQLite file. */
  journal: string;
  /** Files and folders that no dataset ever gets, besides those. */
  own: readonly string[];
}

const PROGRAM = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM_FOLDERS = ['orchestrator', 'default-etl', 'node_modules', 'scripts', 'docker', '.git'];
const ENGINE_SOCKETS = ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd', '/run/podman'];

/**
 * The places that the environment names; relative paths are from the root, which is the folder that holds CONFIG_DIR
 * unless told.
 */
export function placesOf(configDir: string, env: Variables, more: Partial<Places> = {}): Places {
  const config = resolve(configDir);
  const root = resolve(more.root ?? dirname(config));
  const dataDir = resolve(more.dataDir ?? resolve(root, env['DATA_DIR'] || 'data'));
  const socket = /^unix:\/\/(\/.+)$/.exec(env['DOCKER_HOST'] ?? '')?.[1];
  const usual = join(dataDir, 'journal.sqlite');
  const journal = more.journal ?? resolve(root, env['JOURNAL'] || usual);
  return {
    configDir: config,
    root,
    dataDir,
    policyFile: more.policyFile ?? resolve(root, env['POLICY_FILE'] || 'policy.yaml'),
    isPolicyNamed: more.isPolicyNamed ?? Boolean(env['POLICY_FILE']),
    journal,
    own: [
      ...PROGRAM_FOLDERS.map(name => join(PROGRAM, name)),
      ...ENGINE_SOCKETS,
      ...(socket === undefined ? [] : [socket]),
      ...(journal === usual ? [] : [journal]),
      join(root, '.env'),
    ],
  };
}

/** The places that the settings name, which are from the working directory. */
export function environmentPlaces({ dataDir, policyFile, isPolicyNamed, journal }: Environment): Partial<Places> {
  return { dataDir, policyFile, isPolicyNamed, journal };
}

/** A path as people are told it: relative to the project's root where it lies below. */
export function shownPath(path: string, root: string): string {
  return isWithin(path, root) ? relative(root, path) : path;
}

const MOST_LINKS = 40;

/** A path with all links followed, those that lead to nothing yet, too; of what isn't there, as far as it is. */
export function realPathOf(path: string, linksLeft = MOST_LINKS): string {
  try {
    return realpathSync(path);
  } catch {
    if (path === dirname(path)) return path;
    const here = join(realPathOf(dirname(path), linksLeft), basename(path));
    const target = linksLeft > 0 ? linkAt(here) : undefined;
    return target === undefined ? here : realPathOf(resolve(dirname(here), target), linksLeft - 1);
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
