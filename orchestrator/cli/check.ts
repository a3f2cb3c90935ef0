import { dirname, relative, resolve } from 'node:path';
import { type Environment, parseEnvironment } from '../config/environment.ts';
import { loadDatasets } from '../config/load.ts';
import { formatMistake } from '../config/messages.ts';
import { environmentPlaces } from '../config/places.ts';
import type { Policy } from '../config/policy.ts';
import { accountsMistake } from '../config/run-uids.ts';
import { count } from '../text/count.ts';
import { closedInboxes } from '../data-dir/inbox.ts';
import { messageOf } from '../errors.ts';
import { keptFrom, type LabelsOf, mistakesOn, remarksOn } from './check-remarks.ts';

/**
 * Validates a configuration without touching the network (`labelsOf` may ask an engine on this machine): writes each
 * mistake as compilers do, then a summary, in whole lines. Relative paths of settings are from `workingDir`. Returns
 * the exit code: 1 if there is a mistake; warnings alone are 0.
 */
export async function check(
  configDir: string,
  env: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
  workingDir = dirname(resolve(configDir)),
  labelsOf: LabelsOf = async () => undefined,
): Promise<number> {
  const root = dirname(resolve(configDir));
  const { settings, mistakes: otherMistakes } = readEnvironment(env, workingDir);
  const { datasets, broken, errors, warnings, policy } = await loadDatasets(configDir, env, {
    root,
    ...(settings && environmentPlaces(settings)),
  });
  const here = { dataDir: settings?.dataDir, labelsOf };
  const remarks = (await Promise.all(datasets.map(dataset => remarksOn(dataset, here)))).flat();
  const wrong = await Promise.all(datasets.map(mistakesOn));
  let fine = datasets.length - wrong.filter(each => each.length > 0).length;
  const isRight = settings !== undefined && otherMistakes.length === 0;
  if (settings !== undefined) {
    const { around, disguised } = keptFrom(datasets, settings.dataDir);
    otherMistakes.push(...around);
    fine -= around.length;
    remarks.push(...disguised);
  }
  otherMistakes.push(...wrong.flat());
  const inboxes = isRight ? closedInboxes(datasets, settings.dataDir) : undefined;
  if (inboxes !== undefined) remarks.push(`warning: ${inboxes}`);
  const lines = [...errors.map(formatMistake), ...otherMistakes, ...warnings.map(formatMistake), ...remarks];
  const note = noteOnUser();
  if (note !== undefined) lines.push(note);
  for (const line of lines) write(`${line}\n`);
  const mistakes = errors.length + otherMistakes.length;
  if (datasets.length + broken.length + mistakes === 0) write(emptyState(configDir, root));
  else write(`${policyLine(policy)}${summary(fine, mistakes, warnings.length + remarks.length)}\n`);
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
    'what this user can, including DATA_DIR and the other runs; as root it gives each run a uid of its own (RUN_UIDS)'
  );
}

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
