import { open } from 'node:fs/promises';
import { basename, extname, join as joinPath } from 'node:path';
import { codeOf, messageOf, OrchestratorError } from '../../errors.ts';
import { append, type Draft, join, render } from './draft.ts';
import { importPypel, type PypelProcess } from './pypel.ts';
import { importShell, processAsked } from './shell.ts';

/** A dataset's YAML, and what deserves a look: what was left out (which stands as a comment in the YAML too), or guessed. */
export interface Imported {
  /** What the dataset may be called. */
  name: string;
  yaml: string;
  warnings: string[];
}

/** A larger one is neither. */
const MOST_BYTES = 1024 * 1024;
const LONGEST_NAME = 100;
const DATASET_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u;

/**
 * Turns one of the original's shell configs, a pypel JSON or the original's parameters.json (by their first character)
 * into a dataset's YAML that passes `check`, once the files that its steps name are in config/<dataset>/; a shell
 * config with the JSONs that it ran with into one. Further processes stand at the end, as comments. Secrets are never
 * copied. Throws an OrchestratorError (`never`) where a file can't be read, or is neither.
 */
export async function importFile(...paths: string[]): Promise<Imported> {
  const { shell, processes, origin } = await readAll(paths);
  const [first, ...others] = chosenFirst(processes, shell?.process);
  const draft = shell?.draft ?? first?.draft ?? never();
  if (shell !== undefined && first !== undefined) join(draft, first.draft);
  for (const other of others) append(draft, other.name, other.draft);
  return imported(nameOf(paths[0] ?? ''), draft, origin);
}

/** The same, a dataset for each process where there is no shell config that runs one of them. */
export async function importEach(...paths: string[]): Promise<Imported[]> {
  const { shell, processes, origin } = await readAll(paths);
  if (shell !== undefined) return [await importFile(...paths)];
  const numbered = (position: number) => nameOf(paths[0] ?? '') + (position === 0 ? '' : `-${position + 1}`);
  return processes.map(({ name, draft }, position) => imported(nameOf(name) || numbered(position), draft, origin));
}

/**
 * Writes a dataset's YAML into CONFIG_DIR, never over one that is there, and resolves with its path. Throws an
 * OrchestratorError (`never`) where it can't.
 */
export async function writeDataset(configDir: string, name: string, yaml: string): Promise<string> {
  const path = joinPath(configDir, `${name}.yaml`);
  if (!DATASET_NAME.test(name))
    throw new OrchestratorError(
      'never',
      `import: a dataset can't be called ${name || '(nothing)'}; name one: --write NAME`,
    );
  try {
    await using file = await open(path, 'wx');
    // It holds no secret, and people edit it.
    await file.chmod(0o644);
    await file.writeFile(yaml);
    return path;
  } catch (error) {
    const why = codeOf(error) === 'EEXIST' ? 'it is there already; name another: --write NAME' : messageOf(error);
    throw new OrchestratorError('never', `import: ${path} can't be written: ${why}`, { cause: error });
  }
}

interface Read {
  shell: { draft: Draft; process: string | undefined } | undefined;
  processes: PypelProcess[];
  origin: string;
}

async function readAll(paths: readonly string[]): Promise<Read> {
  const found: Read = { shell: undefined, processes: [], origin: paths.map(path => basename(path)).join(' and ') };
  for (const path of paths) {
    const text = await read(path);
    if (/^\s*[[{]/.test(text)) found.processes.push(...(importPypel(parse(text, path)) ?? neither(path)));
    else if (found.shell !== undefined)
      throw new OrchestratorError(
        'never',
        `import: ${path} is a second shell config; name one, and the JSONs it ran with`,
      );
    else found.shell = { draft: importShell(text) ?? neither(path), process: processAsked(text) };
  }
  return found;
}

/** What `-p NAME` named. */
function chosenFirst(processes: readonly PypelProcess[], name: string | undefined): PypelProcess[] {
  const chosen = processes.filter(process => process.name === name);
  return chosen.length === 0 ? [...processes] : chosen;
}

function imported(name: string, draft: Draft, origin: string): Imported {
  return { name, yaml: render(draft, origin), warnings: draft.warnings };
}

/** Letters, digits, `.`, `_` and `-`, as datasets are called. */
function nameOf(text: string): string {
  const stem = basename(text, extname(text)).replaceAll(/[^\p{L}\p{N}._-]+/gu, '-');
  return stem.replace(/^[^\p{L}\p{N}]+/u, '').slice(0, LONGEST_NAME);
}

async function read(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > MOST_BYTES) return neither(path);
    const text = await file.readFile('utf8');
    return text.includes('\0') ? neither(path) : text.replace('\uFEFF', '');
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
    throw new OrchestratorError('never', `import: ${path} can't be read (${messageOf(error)}); name a readable file`, {
      cause: error,
    });
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OrchestratorError('never', `import: ${path} is no JSON (${messageOf(error)}); mend it and try again`, {
      cause: error,
    });
  }
}

function neither(path: string): never {
  throw new OrchestratorError(
    'never',
    `import: ${path} is neither a shell config of the bash orchestrator (KEY=value, with WATCH_DIR or COMMAND) nor a pypel JSON (with Processes, or the process of a parameters.json)`,
  );
}

function never(): never {
  throw new OrchestratorError('never', 'import: name a file');
}
