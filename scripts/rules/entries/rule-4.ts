import type { Rule } from '../entry.ts';

export const rule4: Rule = {
  number: 4,
  name: 'No zombie wins',
  clauses: {
    'every row carries VERSION': {
      code: "const line = actionLine('index', documentId(fileKey, 0), String(version));",
      without: "const line = actionLine('index', documentId(fileKey, 0), String(2 ** 50));",
      title: 'rule 4: an older version stops at a newer one, says which, and changes nothing',
    },
    'every deletion carries VERSION': {
      code: "return actionLine('delete', documentId(fileKey, row), String(version));",
      without:
        "return actionLine('delete', documentId(fileKey, row), String(version)).replace(/,\"version\".*gte\"/, '');",
      title: 'rule 4: an older deletion stops at a newer version, and takes none of its rows',
    },
    'an equal version writes again': {
      code: '"external_gte"',
      without: '"external"',
      title: 'rule 4: an attempt that is repeated writes the same rows under the same version',
    },
    'a retry keeps its VERSION': {
      code: 'version: how.version ?? null,',
      without: 'version: how.version ?? (run.version ?? 0) + 1,',
      title: 'rule 4: a retry keeps its version',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'a new index remembers deletions for a day': {
      code: "'index.gc_deletes': GC_DELETES, ",
      title: 'rule 4: an index that somebody deletes while rows are on their way is made anew with the same memory',
    },
    'and so does one that was there before': {
      without: '    continue;',
      title: 'rule 4: deleted versions are remembered for a day, on an index that was there before, too',
    },
    'VERSION is not below the clock': {
      code: 'max(last_version + 1, $clock, $atLeast)',
      without: 'max(last_version + 1, $clock * 0, $atLeast)',
      title: 'rule 4: a version is hundredths of a second since 2020, and grows within a dataset',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'VERSION is above the one before': {
      code: 'max(last_version + 1, $clock, $atLeast)',
      without: 'max(last_version * 0 + $clock, $atLeast)',
      title: 'rule 4: a version is hundredths of a second since 2020, and grows within a dataset',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'a 409 ends the attempt': {
      title: 'rule 4: an older version stops at a newer one, says which, and changes nothing',
    },
    'the journal judges it': {
      title: 'rule 4: a newer version in the index is for the journal to judge',
    },
    'superseded only by a version the journal knows': {
      code: 'newerRun(tx, run)',
      without: 'undefined as Run | undefined',
      title: 'rule 4: superseded by a version the journal knows is skipped, and says by which run',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'else VERSION is raised above the index’s': {
      code: 'now, indexVersion + 1',
      without: 'now',
      title: 'rule 4: superseded by a version the journal does not know is queued again above it, without a retry',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'LOAD.id: the version is of VERSION and row, as text': {
      code: 'base + BigInt(number)',
      without: 'Number(base) + number',
      title: 'rule 4: with LOAD.id the version is VERSION × 10^8 + row, to the last digit, and more rows are an error',
    },
    'LOAD.id: more rows than fit are an error': {
      without: '    if (number < 0) {',
      title: 'rule 4: with LOAD.id the version is VERSION × 10^8 + row, to the last digit, and more rows are an error',
    },
    'LOAD.id: superseded counts as loaded': {
      code: 'if (!this.byKey) throw',
      without: 'throw',
      title: 'rule 4: with LOAD.id the later row, then the later file wins; a null key is a reject',
    },
    'LOAD.id: a null key is a reject': {
      title: 'rule 4: with LOAD.id the later row, then the later file wins; a null key is a reject',
    },
    'LOAD.id: nothing is taken back': {
      title: 'rule 4: with LOAD.id nothing is taken back, and the error says so',
    },
    'LOAD.id: ON_DELETE: remove is a mistake in the configuration': {
      code: "LOAD?.id !== undefined && ON_DELETE === 'remove'",
      without: "LOAD?.id === '' && ON_DELETE === 'remove'",
      title: ': every mistake is told with its place',
    },
  },
};
