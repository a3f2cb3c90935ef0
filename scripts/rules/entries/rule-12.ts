import type { Rule } from '../entry.ts';

export const rule12: Rule = {
  number: 12,
  name: 'Replay',
  clauses: {
    'a replay names what it replays': {
      code: 'mendFile: run.mendFile, replayOf: run.id, now',
      without: "mendFile: run.mendFile, replayOf: '', now",
      title: 'rule 12: a replay is a new run with a new version, of the same file',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'it reads a file of the content that was meant, wherever that lies': {
      code: "found.contentHash === contentHash ? found : 'is not what was backed up there'",
      without: 'found',
      title: 'a backed-up file is read where it lies, if it still is what was backed up',
    },
    'it has a new version': {
      code: '...queuedColumns(tx, { ...run, now: copy.now }),',
      without: '...queuedColumns(tx, { ...run, now: copy.now }), version: run.version,',
      title: 'rule 12: a replay is a new run with a new version, of the same file',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'not while the path has a run under way': {
      title: 'rule 12: a replay is a new run with a new version, of the same file',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'a quarantined file goes back without overwriting': {
      code: 'if (!(await nameFreely(folder, staged, name))) {',
      without: 'await folder.unlink(name);\n    if (!(await nameFreely(folder, staged, name))) {',
      title: 'rule 12: a quarantined file goes back to its path, and never over another',
    },
    'a mend is refused once there is a newer version': {
      code: 'newerRun(tx, run) ?? openRun(tx, run.dataset, run.file)',
      without: 'undefined as Run | undefined',
      title: 'rule 12: a mend is refused once the path has a newer version, or one arrives',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'also when it is about to run': {
      code: "if (situation.path === 'changed') {",
      without: "if (situation.path === 'changed' && situation.run.action !== 'mend') {",
      title: 'rule 12: mended rows run as the file they are, and are refused once the path has a newer version',
    },
    'only rejected rows are mended, and each once': {
      title: 'rule 12: mended rows become a run, whatever the body is said to be',
    },
    'each record carries its row': {
      code: 'builder.beginRow(row, 0, ABSENT);',
      without: 'builder.beginRow(builder.rows + 1, 0, ABSENT);',
      title: 'rule 12: a mend writes only the rows it names',
    },
    'no tail is deleted': {
      without: '    const isVersion = true;',
      title: 'rule 12: a mend writes only the rows it names',
    },
    'it replaces nothing of a version that is loaded': {
      code: '!addsToVersion(tx, run, request.rebuilds)',
      without: 'true',
      title:
        'rule 12: a run whose every row was rejected is mended; the first mend that loads a row replaces the former version',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'nor, where an index is built anew of a folder, of the other files that were read with it': {
      code: '|| (rebuilds && isBesideLoaded(tx, origin))',
      title:
        'rule 12: where an index is built anew of a folder, the mended rows of a file stand beside those of the files that were read with it',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'the journal knows of mended rows that were not reserved': {
      title:
        'rule 12: mended rows are known to be there, though the lake reserves none: a newer version replaces them, and a deletion takes them out',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'it does not lower the rows': {
      without: '  if (Date.now() === 0) {',
      title: 'rule 12: a mend replaces nothing and does not lower the rows',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'of a quarantined run rows are mended only where all were rejected': {
      code: '&& rows.rejected === rows.read',
      title: 'rule 12: a run that was quarantined for anything else, or that failed, is not mended',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'the first of them take the place of the former version': {
      code: '|| (this.job.mendReplaces && !this.mended.has(row))',
      title:
        'rule 12: of a file that was rejected as a whole, the first mended rows take the place of the former version',
    },
    'but only where one of them can be loaded': {
      title: 'rule 12: mended rows of which none can be loaded replace nothing',
    },
    'mended rows are none of an index that was built since': {
      without: '    if (newest >= 0) return;',
      title: 'rule 11: mended rows are not added to an index that a newer file has built since',
    },
    'nor are they loaded again once there is a newer version': {
      code: "run.action === 'mend' ? newerRun(tx, run) :",
      without: 'undefined as Run |',
      title: 'rule 12: a mend is not replayed once the path has a newer version',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
  },
};
