import { resolve } from 'node:path';
import { targetOf } from '../../default-etl/contract/contract.ts';
import type { Candidate } from './checks.ts';
import type { Settings } from './schema.ts';
import { isRecord } from './tree.ts';
import { toWords } from './words.ts';

// Who is given the connection to the target: the default ETL, which is ours, and what else the dataset has run.

/** Code that isn't ours: where the YAML names it, and the name it has in the policy. */
export type Receiver = [path: ReadonlyArray<string | number>, name: string];

/** Whether it would be the default ETL's own image that is started, with whatever entrypoint. */
export function isDefaultImage({ DOCKER_IMAGE, COMMAND, RUNNER }: Partial<Settings>): boolean {
  return DOCKER_IMAGE === undefined && COMMAND === undefined && RUNNER !== 'process';
}

/** What the default ETL's image would start in its place. An entrypoint that is empty leaves it to the arguments. */
export function otherEntrypoint(settings: Partial<Settings>): string | undefined {
  const { DOCKER_OPTIONS, PARAMETERS } = settings;
  if (!isDefaultImage(settings) || DOCKER_OPTIONS?.entrypoint === undefined) return undefined;
  return [...toWords(DOCKER_OPTIONS.entrypoint), ...toWords(PARAMETERS)].find(word => word !== '') ?? '';
}

/** An image or a program of somebody else's gets them only where the YAML itself says that the rows go there. */
export function needsConnections(settings: Partial<Settings>, target: Candidate['target']): boolean {
  const { DOCKER_IMAGE, COMMAND, LOAD } = settings;
  const isDefaultEtl = DOCKER_IMAGE === undefined && COMMAND === undefined && otherEntrypoint(settings) === undefined;
  const receiving = isDefaultEtl ? target : LOAD?.target;
  return receiving !== undefined && targetOf(receiving).traits.needs.length > 0;
}

/** All that would have them besides the default ETL. */
export function receiversOf({
  settings,
  root,
  configFolder,
}: Pick<Candidate, 'settings' | 'root' | 'configFolder'>): Receiver[] {
  const { DOCKER_IMAGE, COMMAND, TRANSFORM = [] } = settings;
  const [program] = toWords(COMMAND);
  const entrypoint = otherEntrypoint(settings);
  return [
    ...(DOCKER_IMAGE === undefined ? [] : [[['DOCKER_IMAGE'], DOCKER_IMAGE] as Receiver]),
    ...(program === undefined
      ? []
      : [[['COMMAND'], program.includes('/') ? resolve(root, program) : program] as Receiver]),
    ...(entrypoint === undefined ? [] : [[['DOCKER_OPTIONS', 'entrypoint'], entrypoint] as Receiver]),
    ...TRANSFORM.flatMap((step, index) => {
      const file = moduleOf(step);
      return file === undefined ? [] : [[['TRANSFORM', index, 'module'], resolve(configFolder, file)] as Receiver];
    }),
  ];
}

/** Whether the default ETL would run steps of the user's own, which may need what nobody can know. */
export function runsModules({ TRANSFORM = [] }: Partial<Settings>): boolean {
  return TRANSFORM.some(step => moduleOf(step) !== undefined);
}

/** The file of a `module:` step. */
export function moduleOf(step: unknown): string | undefined {
  const options = isRecord(step) ? step['module'] : undefined;
  const file = isRecord(options) ? options['file'] : options;
  return typeof file === 'string' ? file : undefined;
}
