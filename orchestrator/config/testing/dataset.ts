import type { Dataset } from '../dataset.ts';
import type { Settings } from '../schema.ts';

/** A dataset as a YAML with these keys makes it, but that it takes every file unless told, and its backoff is short. */
export function datasetOf(name: string, watchDir: string, settings: Partial<Settings> = {}): Dataset {
  const regex = new RegExp(settings.WATCH_REGEX ?? '', 'i');
  return {
    name,
    configFile: `/etc/orchestrator/${name}.yaml`,
    configFolder: `/etc/orchestrator/${name}`,
    hash: '',
    settings: {
      WATCH_DIR: watchDir,
      WATCH_REGEX: '',
      RECURSIVE: true,
      FOLLOW_LINKS: false,
      WATCH_MODE: 'auto',
      EXISTING: 'process',
      ORDER: 'arrival',
      RUNNER: 'auto',
      WORK_SIZE: '10g',
      RUN_PER: 'file',
      CONCURRENCY: 2,
      PRIORITY: 0,
      WARM: 0,
      TIMEOUT: '1h',
      RETRIES: 3,
      ON_CHANGE: 'replace',
      ON_DELETE: 'keep',
      BACKUP_FILE: false,
      REMOVE_FILE: false,
      RECEIPT: false,
      TRANSFORM: ['minimal'],
      DEBUG: false,
      ...settings,
      LOAD: { target: 'elasticsearch', ...settings.LOAD },
    },
    written: Object.keys(settings),
    watchDir,
    timeoutMs: 3_600_000,
    backoff: { firstMs: 20, factor: 2, maxMs: 100 },
    command: [],
    parameters: [],
    secrets: [],
    limits: { memoryBytes: 2 ** 31, cpus: null, pids: 1024, workBytes: 10 * 2 ** 30 },
    whyForbidden: () => null,
    matches: path => regex.test(path),
  };
}
