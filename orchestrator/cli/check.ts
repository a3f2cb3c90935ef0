import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { parseEnvironment } from '../config/environment.ts';
import { loadDatasets } from '../config/load.ts';
import { formatMistake } from '../config/messages.ts';
import { codeOf, messageOf } from '../errors.ts';

/**
 * Validates a configuration without touching the network: writes each mistake as compilers do, then a summary, in whole
 * lines. Returns the exit code: 1 if there is a mistake; warnings alone are 0.
 */
export async function check(
  configDir: string,
  env: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
): Promise<number> {
  const root = dirname(resolve(configDir));
  const { datasets, broken, errors, warnings } = await loadDatasets(configDir, env, root);
  const environmentMistakes = findEnvironmentMistakes(env, root);
  const remarks = (await Promise.all(datasets.map(remarksOn))).flat();
  const lines = [...errors.map(formatMistake), ...environmentMistakes, ...warnings.map(formatMistake), ...remarks];
  for (const line of lines) write(`${line}\n`);
  const mistakes = errors.length + environmentMistakes.length;
  if (datasets.length + broken.length + mistakes === 0) write(emptyState(configDir, root));
  else write(`${summary(datasets.length, mistakes, warnings.length + remarks.length)}\n`);
  return mistakes > 0 ? 1 : 0;
}

function findEnvironmentMistakes(env: Readonly<Record<string, string | undefined>>, root: string): string[] {
  try {
    parseEnvironment(env, root);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

/** What may be meant so, but would surprise. */
async function remarksOn(dataset: Dataset): Promise<string[]> {
  const remarks = [await remarkOnFolder(dataset), await remarkOnCommand(dataset)];
  return remarks.filter(remark => remark !== undefined).map(remark => `dataset ${dataset.name}: warning: ${remark}`);
}

async function remarkOnFolder({ watchDir }: Dataset): Promise<string | undefined> {
  try {
    return (await stat(watchDir)).isDirectory() ? undefined : `WATCH_DIR ${watchDir} is no folder; name one`;
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? `WATCH_DIR ${watchDir} does not exist yet; it is created before it is first watched`
      : `WATCH_DIR ${watchDir} can't be read (${codeOf(error) ?? messageOf(error)}); give this user access`;
  }
}

async function remarkOnCommand({ command: [program] }: Dataset): Promise<string | undefined> {
  if (program === undefined || !isAbsolute(program)) return undefined;
  const isFile = await stat(program).then(
    found => found.isFile(),
    () => false,
  );
  return isFile ? undefined : `COMMAND ${program} is not there; each run would fail`;
}

function emptyState(configDir: string, root: string): string {
  const folder = relative(root, resolve(configDir));
  return `no datasets yet in ${folder}/: copy one of ${folder}/examples/*.yaml there, and change its WATCH_DIR\n`;
}

function summary(fine: number, mistakes: number, warnings: number): string {
  const parts = [`${count(fine, 'dataset')} fine`, count(mistakes, 'mistake')];
  return [...parts, ...(warnings > 0 ? [count(warnings, 'warning')] : [])].join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
