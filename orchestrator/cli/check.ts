import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { type Environment, parseEnvironment } from '../config/environment.ts';
import { loadDatasets } from '../config/load.ts';
import { formatMistake } from '../config/messages.ts';
import { environmentPlaces } from '../config/places.ts';
import type { Policy } from '../config/policy.ts';
import { moduleOf } from '../config/receivers.ts';
import { accountsMistake } from '../config/run-uids.ts';
import { closedInboxes } from '../data-dir/inbox.ts';
import { codeOf, messageOf } from '../errors.ts';
import { askEtl } from '../etl/ask.ts';

/**
 * Validates a configuration without touching the network: writes each mistake as compilers do, then a summary, in whole
 * lines. Relative paths of settings are from `workingDir`. Returns the exit code: 1 if there is a mistake; warnings alone are 0.
 */
export async function check(
  configDir: string,
  env: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
  workingDir = dirname(resolve(configDir)),
): Promise<number> {
  const root = dirname(resolve(configDir));
  const { settings, mistakes: environmentMistakes } = readEnvironment(env, workingDir);
  const { datasets, broken, errors, warnings, policy } = await loadDatasets(configDir, env, {
    root,
    ...(settings && environmentPlaces(settings)),
  });
  const remarks = (await Promise.all(datasets.map(remarksOn))).flat();
  const isRight = settings !== undefined && environmentMistakes.length === 0;
  const inboxes = isRight ? closedInboxes(datasets, settings.dataDir) : undefined;
  if (inboxes !== undefined) remarks.push(`warning: ${inboxes}`);
  const lines = [...errors.map(formatMistake), ...environmentMistakes, ...warnings.map(formatMistake), ...remarks];
  const note = noteOnUser();
  if (note !== undefined) lines.push(note);
  for (const line of lines) write(`${line}\n`);
  const mistakes = errors.length + environmentMistakes.length;
  if (datasets.length + broken.length + mistakes === 0) write(emptyState(configDir, root));
  else write(`${policyLine(policy)}${summary(datasets.length, mistakes, warnings.length + remarks.length)}\n`);
  return mistakes > 0 ? 1 : 0;
}

function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  workingDir: string,
): { settings: Environment | undefined; mistakes: string[] } {
  try {
    const settings = parseEnvironment(env, workingDir);
    const mistake = accountsMistake(settings.runUids);
    return { settings, mistakes: mistake === undefined ? [] : [mistake] };
  } catch (error) {
    return { settings: undefined, mistakes: [messageOf(error)] };
  }
}

/** What it means where the orchestrator is started by the same user. */
function noteOnUser(): string | undefined {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return undefined;
  return (
    `note: an orchestrator of this user (uid ${uid}) is not root, so whatever it runs has its rights: an image or COMMAND can read and change ` +
    'what this user can, DATA_DIR and the other runs among it; as root it gives each run a uid of its own (RUN_UIDS)'
  );
}

/** What may be meant so, but would surprise. */
async function remarksOn(dataset: Dataset): Promise<string[]> {
  const remarks = [await remarkOnFolder(dataset), await remarkOnCommand(dataset), ...(await remarksOnModules(dataset))];
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

/** The default ETL imports them, as it does in a run, in a process of its own: what they do on import is not done here. */
async function remarksOnModules({ settings, configFolder }: Dataset): Promise<string[]> {
  const files = settings.TRANSFORM.flatMap(step => moduleOf(step) ?? []);
  const environment = Object.fromEntries(
    Object.entries(settings.ENV ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const remarks = files.map(async file => {
    const reason = await whyNotImported(file, configFolder, environment);
    return reason === undefined ? [] : [`${reason}; each run would fail`];
  });
  return (await Promise.all(remarks)).flat();
}

async function whyNotImported(
  file: string,
  folder: string,
  environment: Record<string, string>,
): Promise<string | undefined> {
  const args = ['--check-module', `--name=${file}`, join(folder, file)];
  const signal = AbortSignal.timeout(IMPORT_TIMEOUT_MS);
  try {
    for await (const _ of askEtl({ args, environment, folders: [folder], runsModules: true, signal }));
    return undefined;
  } catch (error) {
    return signal.aborted ? `module ${file} is not imported within ${IMPORT_TIMEOUT_MS / 1000} s` : messageOf(error);
  }
}

const IMPORT_TIMEOUT_MS = 10_000;

function policyLine(policy: Policy | null): string {
  if (policy === null) return '';
  return policy.file === null ? 'no policy.yaml: the default policy holds\n' : `the policy of ${policy.file} holds\n`;
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
