/** A folder, or a module, by its path from the project's root. */
export type Place = string;

/** What everybody in the orchestrator may use. It uses nothing of ours, but what is said below. */
const EVERYWHERE = ['orchestrator/errors.ts', 'orchestrator/clock.ts', 'orchestrator/log.ts', 'orchestrator/limits.ts'];
const CONTRACT = 'default-etl/contract/contract.ts';
const JOURNAL = 'orchestrator/journal/journal.ts';

/**
 * Who may import what: of each room the rooms, or the modules that are their faces, which it may import beside its own
 * modules. What is not named is forbidden. A room below another one is a room of its own. Tests may import all that
 * they test.
 */
export const LAYERS: Readonly<Record<Place, readonly Place[]>> = {
  'orchestrator/errors.ts': [],
  'orchestrator/clock.ts': [],
  'orchestrator/limits.ts': [],
  'orchestrator/libc.ts': [],
  'orchestrator/log.ts': ['orchestrator/log'],
  'orchestrator/log': ['orchestrator/errors.ts'],
  'orchestrator/async': EVERYWHERE,
  'orchestrator/text': [CONTRACT, JOURNAL],
  'orchestrator/files': [...EVERYWHERE, 'orchestrator/async', 'orchestrator/libc.ts'],
  'orchestrator/config': [
    ...EVERYWHERE,
    CONTRACT,
    'orchestrator/async',
    'orchestrator/files/within.ts',
    'orchestrator/log',
  ],
  'orchestrator/elasticsearch.ts': ['orchestrator/config'],
  'orchestrator/journal': [
    ...EVERYWHERE,
    CONTRACT,
    'orchestrator/files/version.ts',
    'orchestrator/journal/sqlite/sqlite-journal.ts',
  ],
  'orchestrator/journal/rules': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/async',
    'orchestrator/files/version.ts',
    'orchestrator/text',
  ],
  'orchestrator/journal/sqlite': [...EVERYWHERE, JOURNAL, 'orchestrator/async', 'orchestrator/journal/rules'],
  'orchestrator/data-dir': [...EVERYWHERE, 'orchestrator/files', 'orchestrator/journal/sqlite/own-file.ts'],
  'orchestrator/watch': [
    ...EVERYWHERE,
    JOURNAL,
    'orchestrator/async',
    'orchestrator/config',
    'orchestrator/files',
    'orchestrator/libc.ts',
    'orchestrator/text',
  ],
  'orchestrator/run': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/config',
    'orchestrator/elasticsearch.ts',
    'orchestrator/files',
    'orchestrator/libc.ts',
    'orchestrator/log',
  ],
  'orchestrator/etl': [...EVERYWHERE, CONTRACT, 'orchestrator/config', 'orchestrator/files', 'orchestrator/run'],
  'orchestrator/rejects': [...EVERYWHERE, CONTRACT, JOURNAL, 'orchestrator/etl', 'orchestrator/files'],
  'orchestrator/dispose': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/config',
    'orchestrator/files',
    'orchestrator/rejects',
  ],
  'orchestrator/schedule': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/async',
    'orchestrator/config',
    'orchestrator/files',
    'orchestrator/log',
    'orchestrator/rejects',
    'orchestrator/run/job.ts',
    'orchestrator/run/runner.ts',
    'orchestrator/targets/registry.ts',
    'orchestrator/text',
  ],
  'orchestrator/targets': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/config',
    'orchestrator/files',
    'orchestrator/schedule/left.ts',
  ],
  'orchestrator/operations': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/config',
    'orchestrator/dispose',
    'orchestrator/etl',
    'orchestrator/files',
    'orchestrator/rejects',
    'orchestrator/schedule/path-now.ts',
  ],
  'orchestrator/kibana': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/async',
    'orchestrator/config',
    'orchestrator/elasticsearch.ts',
    'orchestrator/files',
    'orchestrator/log',
    'orchestrator/text',
  ],
  'orchestrator/api': [
    ...EVERYWHERE,
    JOURNAL,
    'orchestrator/config',
    'orchestrator/elasticsearch.ts',
    'orchestrator/etl',
    'orchestrator/files',
    'orchestrator/log',
    'orchestrator/rejects',
    'orchestrator/text',
  ],
  'orchestrator/cli': [
    ...EVERYWHERE,
    CONTRACT,
    JOURNAL,
    'orchestrator/api/run-log.ts',
    'orchestrator/async',
    'orchestrator/config',
    'orchestrator/data-dir',
    'orchestrator/elasticsearch.ts',
    'orchestrator/etl',
    'orchestrator/files',
    'orchestrator/kibana',
    'orchestrator/log',
    'orchestrator/operations',
    'orchestrator/rejects',
    'orchestrator/targets/registry.ts',
    'orchestrator/text',
  ],
  'orchestrator/telemetry': [
    ...EVERYWHERE,
    JOURNAL,
    'orchestrator/async',
    'orchestrator/config',
    'orchestrator/elasticsearch.ts',
    'orchestrator/files',
    'orchestrator/log',
  ],
  'orchestrator/startup': [
    ...EVERYWHERE,
    JOURNAL,
    'orchestrator/api/options.ts',
    'orchestrator/config',
    'orchestrator/data-dir',
    'orchestrator/files',
    'orchestrator/journal/sqlite/lock.ts',
    'orchestrator/run/process/process-table.ts',
  ],
  // These join the rooms.
  'orchestrator/service.ts': ['orchestrator'],
  'orchestrator/service-status.ts': ['orchestrator'],
  'orchestrator/main.ts': ['orchestrator', 'package.json'],
  'orchestrator/bin.js': ['orchestrator/main.ts'],
  'orchestrator/web': [],

  // The default ETL knows nothing of the orchestrator.
  'default-etl/contract': [
    'default-etl/extract/registry.ts',
    'default-etl/load',
    'default-etl/transform',
    'default-etl/unpack/source.ts',
  ],
  'default-etl/batch': ['default-etl/contract'],
  'default-etl/unpack': ['default-etl/contract'],
  'default-etl/types': ['default-etl/batch', 'default-etl/contract', 'default-etl/transform/step.ts'],
  'default-etl/extract': ['default-etl/batch', 'default-etl/contract', 'default-etl/types', 'default-etl/unpack'],
  'default-etl/transform': [
    'default-etl/batch',
    'default-etl/contract',
    'default-etl/extract/open.ts',
    'default-etl/unpack',
  ],
  'default-etl/load': [
    'default-etl/batch',
    'default-etl/contract',
    'default-etl/transform/option-schema.ts',
    'default-etl/transform/step.ts',
    'default-etl/types',
  ],
  'default-etl/mend': ['default-etl/batch', 'default-etl/contract', 'default-etl/extract'],
  'default-etl/run': ['default-etl'],
  'default-etl/program.ts': ['default-etl/contract', 'default-etl/run'],
  'default-etl/main.ts': ['default-etl/program.ts'],
  'default-etl/bin.js': ['default-etl/main.ts'],

  'config/examples': ['default-etl/transform/row-step.ts'],

  // Scripts use the program, never the other way round.
  scripts: ['default-etl', 'orchestrator'],
};

const TEST = /\.test\.ts$|\/(testing|e2e)\/|conformance/;

/** Whether a module is a test, or helps tests. */
export function isTest(module: Place): boolean {
  return TEST.test(module);
}

/** What is wrong with the import, or null. */
export function importMistake(module: Place, imported: Place, layers = LAYERS): string | null {
  const room = roomOf(module, layers);
  if (room === undefined) return `${module} is in no room: scripts/lint/layers.ts says which there are`;
  if (roomOf(imported, layers) === room) return null;
  const allowed = layers[room] ?? [];
  if (allowed.some(place => imported === place || imported.startsWith(`${place}/`))) return null;
  const what = allowed.length === 0 ? 'nothing of ours' : allowed.join(', ');
  return `${room} may not import ${imported}: beside its own modules it may import ${what} (scripts/lint/layers.ts)`;
}

/** The innermost one. */
function roomOf(module: Place, layers: typeof LAYERS): Place | undefined {
  const names = module.split('/');
  const above = names.map((_, depth) => names.slice(0, names.length - depth).join('/'));
  return above.find(place => place in layers);
}
