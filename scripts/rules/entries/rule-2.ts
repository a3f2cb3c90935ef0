import type { Rule } from '../entry.ts';

export const rule2: Rule = {
  number: 2,
  name: 'One at a time per path',
  clauses: {
    'one running run a path': {
      code: 'UNIQUE INDEX runs_running',
      without: 'INDEX runs_running',
      title: 'rule 2: refuses a second running run of a path, a second one that waits, and a second open attempt',
    },
    'one settling or queued run a path': {
      code: 'UNIQUE INDEX',
      without: 'INDEX',
      title: 'rule 2: refuses a second running run of a path, a second one that waits, and a second open attempt',
    },
    'one attempt at a time': {
      code: 'UNIQUE INDEX',
      without: 'INDEX',
      title: 'rule 2: refuses a second running run of a path, a second one that waits, and a second open attempt',
    },
    'a newer version makes the queued one skipped': {
      code: "endWaiting(tx, waiting, 'skipped', 'a newer version of the file is arriving', now)",
      without: 'return waiting',
      title: 'rule 2: a newer version makes the queued one skipped',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'and waits for the running one': {
      code: "AND other.file = q.file AND other.state = 'running')",
      without: "AND other.file = q.file AND other.state = 'done')",
      title:
        'rule 2: a version that arrives while another runs says what it waits for, and is not claimed before that one ends',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'what waits says for what': {
      code: 'return running === undefined ? null : `waits for run',
      without: 'return running !== undefined ? null : `waits for run',
      title:
        'rule 2: a version that arrives while another runs says what it waits for, and is not claimed before that one ends',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'what ends while a newer version waits does not come back': {
      code: 'waitingRun(tx, run.dataset, run.file)',
      without: 'undefined as Run | undefined',
      title: 'rule 2: an attempt that ends while a newer version waits does not come back',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'with the engine away a run is queued, with the reason': {
      title:
        'rule 2: an engine that is away is waited for with its reason, no retry is used up, and it recovers by itself',
    },
    'no attempt before its predecessor is seen dead': {
      code: "if (!runner) return { state: 'dead' };",
      without: "if (runner) return { state: 'dead' };",
      title: 'rule 2: with the engine away no new attempt starts before the old one is seen dead',
    },
    'a file’s version and its run are one transaction': {
      code: "'ROLLBACK'",
      without: "'COMMIT'",
      title: 'rule 2: the version of a file and its run are written together, or not at all',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'also where calls share a transaction': {
      code: "'ROLLBACK TO one; RELEASE",
      without: "'RELEASE",
      title: 'rule 2: the version of a file and its run are written together, or not at all',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
  },
};
