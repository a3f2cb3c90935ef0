import type { Rule } from '../entry.ts';

export const rule8: Rule = {
  number: 8,
  name: 'Disposal',
  clauses: {
    'the intent is written before the end is': {
      code: 'retryWhile(() => disposer.intend(file.run, dataset, finish), patience);\n  await conclusion.searchable;\n  const ended = await retryWhile(() => writeEnd(conclusion, finish, reserved',
      without:
        'conclusion.searchable;\n  const ended = await retryWhile(() => writeEnd(conclusion, finish, reserved), patience);\n  await retryWhile(() => disposer.intend(file.run, dataset, finish',
      title: 'rule 8: what will become of a file is written down before the end of its run is, and carried out after',
    },
    'an intent waits for the end of its run': {
      without: '    if (!run) return;',
      title: 'rule 8: what was written down before a crash is carried out once the run is done',
    },
    'nothing is touched unless the run is done': {
      code: "!== (intent.kind === 'quarantine' ? 'quarantined' : 'done')",
      without: "=== 'settling'",
      title: 'rule 8: nothing is touched before the journal says that the run is done',
    },
    'under its hidden name the version is looked at again': {
      without: '    const unchanged = true;',
      title: 'rule 8: a file that a writer changed and closed while it was taken is put back',
    },
    'so are its writers': {
      without: '    const isWritten = false;',
      title: 'rule 8: a file that changes while it is taken is put back, beside a new one that has its name meanwhile',
    },
    'it is put back without overwriting': {
      code: 'nameFreely(source, hidden, name',
      without: 'source.rename(hidden, source, name).then(() => true',
      title: 'rule 8: a file that changes while it is taken is put back, beside a new one that has its name meanwhile',
    },
    'disposal waits for every dataset that matches': {
      title: 'rule 8: disposal waits for every dataset that matches the path',
    },
    'our own moves are no deletions': {
      code: '|| isBeingDisposed(tx, absolutePath(root, file))',
      title: 'rule 8: our own moves are no deletions, whether seen before or after they are closed',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'backups keep dataset and path': {
      code: 'join(run.dataset, run.file)',
      without: 'run.file',
      title: 'a backup keeps dataset and path, and never overwrites one that is there',
    },
    'backups never overwrite': {
      code: 'link(from, folder, to)',
      without: 'rename(from, folder, to);\n    return true',
      title: 'rule 8: a backup that came there after the intent was written is not overwritten',
    },
    'our own folders are never watched': {
      code: 'isWithin(join(dataset.watchDir, path), each.path)',
      without: "each.path === ''",
      title: 'WATCH_REGEX, RECURSIVE: false and kept folders keep files out',
    },
    'these are every dataset’s backup and quarantine': {
      code: "'BACKUP_DIR', 'QUARANTINE_DIR'",
      title: 'rule 8: DATA_DIR and the backup and quarantine folders of every dataset are not watched',
    },
    'and DATA_DIR': {
      code: '[dataDir, `DATA_DIR ${dataDir}`]]',
      without: '] as Array<[string, string]>',
      title: 'rule 8: DATA_DIR and the backup and quarantine folders of every dataset are not watched',
    },
    'whatever links lead there': {
      without: '    const realPath = path;',
      title: 'a link to a folder below WATCH_DIR makes that folder one of ours, whether it is there yet or not',
    },
    'and a backup that is seen by another way is no arrival': {
      title:
        'rule 8: a backup that is seen below WATCH_DIR by a way nobody knows of is no arrival, whatever its name became',
    },
    'a dataset that would never take the file is not waited for': {
      without: '  return true;',
      title: 'rule 8: only a dataset whose watch would take a file is one that its disposal waits for',
    },
  },
};
