import type { Rule } from '../entry.ts';

export const rule13: Rule = {
  number: 13,
  name: 'Disk',
  clauses: [
    {
      clause: 'below the floor nothing new is taken',
      file: 'orchestrator/schedule/scheduler.ts',
      code: ' || (await this.#disk.look()).isLow) return;',
      without: ') return;',
      test: 'orchestrator/schedule/scheduler.test.ts',
      title: 'rule 13: below the floor of free space nothing is started, it says so once, and goes on by itself',
    },
    {
      clause: 'it says so',
      file: 'orchestrator/schedule/disk-floor.ts',
      code: 'if (isLow && !state.isLow) logger.error(',
      without: 'if (isLow && state.isLow) logger.error(',
      test: 'orchestrator/schedule/scheduler.test.ts',
      title: 'rule 13: below the floor of free space nothing is started, it says so once, and goes on by itself',
    },
    {
      clause: 'runs have a retention',
      file: 'orchestrator/schedule/housekeeping.ts',
      code: 'endedBefore: clock.now() - retentionMs',
      without: 'endedBefore: 0',
      test: 'orchestrator/schedule/housekeeping.test.ts',
      title: 'rule 13: old runs go with their logs and rejects, never a path’s latest version',
    },
    {
      clause: 'logs go with them',
      file: 'orchestrator/schedule/housekeeping.ts',
      code: "const BY_RUN = ['runs', 'logs', 'mended'] as const;",
      without: "const BY_RUN = ['runs', 'mended'] as const;",
      test: 'orchestrator/schedule/housekeeping.test.ts',
      title: 'rule 13: old runs go with their logs and rejects, never a path’s latest version',
    },
    {
      clause: 'pruning keeps each path’s latest version',
      file: 'orchestrator/journal/pruning.ts',
      code: 'newer.version > old.version',
      without: 'newer.version >= old.version',
      test: 'orchestrator/journal/sqlite.test.ts',
      suite: 'orchestrator/journal/conformance.ts',
      title: 'rule 13: old runs are forgotten, but each path’s latest version, its rows and first sight stay',
    },
    {
      clause: 'FILE_ROWS and first SEEN_AT stay',
      file: 'orchestrator/journal/pruning.ts',
      code: 'forgotten.push(...rows.map(row => row.id));',
      without:
        "forgotten.push(...rows.map(row => row.id));\n    await store.write(() => store.execute('DELETE FROM ledger'));",
      test: 'orchestrator/journal/sqlite.test.ts',
      suite: 'orchestrator/journal/conformance.ts',
      title: 'rule 13: old runs are forgotten, but each path’s latest version, its rows and first sight stay',
    },
    {
      clause: 'not before the file is disposed of',
      file: 'orchestrator/journal/pruning.ts',
      code: "AND NOT EXISTS (SELECT 1 FROM disposals WHERE disposals.run_id = old.id AND disposals.state = 'intended')",
      without: '',
      test: 'orchestrator/journal/sqlite.test.ts',
      suite: 'orchestrator/journal/conformance.ts',
      title: 'rule 13: a run whose file is still to be disposed of is not forgotten',
    },
  ],
};
