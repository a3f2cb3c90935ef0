import type { AttemptEnvironment } from '../../default-etl/contract/contract.ts';
import { settingsSchema } from './schema.ts';

const CONTRACT: Record<keyof AttemptEnvironment, true> = {
  DATASET: true,
  RUN_ID: true,
  ATTEMPT: true,
  VERSION: true,
  MENDED_VERSION: true,
  MENDED_UNTIL: true,
  MEND_REPLACES: true,
  ACTION: true,
  FILE: true,
  FILE_NAME: true,
  FILE_PATH: true,
  FILE_SIZE: true,
  FILE_MTIME_NS: true,
  FILE_INODE: true,
  CONTENT_HASH: true,
  FILE_KEY: true,
  FILE_ROWS: true,
  REPLACES: true,
  SEEN_AT: true,
  KNOWN_SINCE: true,
  WORK_DIR: true,
  CONFIG_FILES: true,
  FILES: true,
  REFRESH: true,
};
const CONTRACT_NAMES = [
  ...Object.keys(CONTRACT),
  'CONNECTIONS_FILE',
  'ENVIRONMENT_FILE',
  'ORCHESTRATOR_WARM',
  'ORCHESTRATOR_JOB',
];

/**
 * What a variable is that ENV may not set, since a run believes it: one of the dataset's keys, or what the contract
 * says of a run.
 */
export function reservedAs(name: string): 'key' | 'contract' | null {
  if (Object.hasOwn(settingsSchema.properties, name)) return 'key';
  return CONTRACT_NAMES.includes(name) ? 'contract' : null;
}
