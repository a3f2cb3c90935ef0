import type { Rule } from '../entry.ts';

export const rule13: Rule = {
  number: 13,
  name: 'Disk',
  clauses: {
    'below the floor nothing new is taken': {
      code: '|| (await this.#disk.look()).isLow',
      title: 'rule 13: below the floor of free space nothing is started, it says so once, and goes on by itself',
    },
    'it says so': {
      code: 'if (isLow && !state.isLow) logger.error(',
      without: 'if (isLow && state.isLow) logger.error(',
      title: 'rule 13: below the floor of free space nothing is started, it says so once, and goes on by itself',
    },
    'runs have a retention': {
      code: 'clock.now() - retentionMs',
      without: '0',
      title: 'rule 13: old runs go with their logs and rejects, never a path’s latest version',
    },
    'logs go with them': {
      code: "'logs', 'mended'",
      without: "'mended'",
      title: 'rule 13: old runs go with their logs and rejects, never a path’s latest version',
    },
    'pruning keeps each path’s latest version': {
      code: 'newer.version > old.version',
      without: 'newer.version >= old.version',
      title: 'rule 13: old runs are forgotten, but each path’s latest version, its rows and first sight stay',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'FILE_ROWS and first SEEN_AT stay': {
      code: 'return rows.map(({ id }) => id);',
      without: "await tx.write(() => tx.execute('DELETE FROM ledger'));\n  return rows.map(({ id }) => id);",
      title: 'rule 13: old runs are forgotten, but each path’s latest version, its rows and first sight stay',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'not before the file is disposed of': {
      code: "AND NOT EXISTS (SELECT 1 FROM disposals WHERE disposals.run_id = old.id AND disposals.state = 'intended')",
      title: 'rule 13: a run whose file is still to be disposed of is not forgotten',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
  },
};
