import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, OrchestratorError } from '../errors.ts';
import { render } from './import-draft.ts';
import { importPypel } from './import-pypel.ts';
import { importShell } from './import-shell.ts';

/** A dataset's YAML, and what deserves a look: what was left out (which stands as a comment in the YAML too), or guessed. */
export interface Imported {
  yaml: string;
  warnings: string[];
}

/**
 * Turns one of the original's shell configs, or a pypel JSON (by its first character), into a dataset's YAML that passes
 * `check`, once the files that its steps name are in config/<dataset>/. Secrets are never copied. Throws an OrchestratorError (`never`) where the file can't be read or is no JSON.
 */
export async function importFile(path: string): Promise<Imported> {
  const text = await read(path);
  if (text.includes('\0'))
    throw new OrchestratorError('never', `import: ${path} is no text; name a shell config or a pypel JSON`);
  const draft =
    text.trimStart().startsWith('{') || text.trimStart().startsWith('[')
      ? importPypel(parse(text, path))
      : importShell(text);
  return { yaml: render(draft, basename(path)), warnings: draft.warnings };
}

async function read(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace('\uFEFF', '');
  } catch (error) {
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
