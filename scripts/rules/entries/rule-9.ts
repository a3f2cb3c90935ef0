import type { Rule } from '../entry.ts';

export const rule9: Rule = {
  number: 9,
  name: 'Deletion',
  clauses: {
    'two listings': {
      code: 'const LISTINGS_BEFORE_REMOVAL = 2;',
      without: 'const LISTINGS_BEFORE_REMOVAL = 1;',
      title: 'rule 9: rows are removed after two complete listings, and not when the file is back before',
    },
    'complete ones': {
      code: 'listing.complete && isSameRoot',
      without: 'isSameRoot',
      title: 'rule 9: while a folder can’t be read no row is removed',
    },
    'of the same device and inode of the root': {
      title: 'rule 9: two listings count only where they are of the same root',
    },
    'a root that is gone is no empty one': {
      title: 'rule 9: nothing is absent while the root is another than was listed',
    },
    'a folder whose device changed is missing': {
      without: '    return true;',
      title: 'rule 9: a file whose folder is on another device than it was is missing, not absent',
    },
    'also across a restart': {
      without: '  return [];',
      title: 'rule 9: files below a folder that is no longer mounted after a restart are missing, not deleted',
    },
    'another folder in the place of the root is no empty one, also across a restart': {
      code: "if (before.root !== now.root) return [''];",
      without: 'if (before.root !== now.root) return [];',
      title:
        'rule 9: another folder in the place of WATCH_DIR deletes nothing, also after a restart, until a file of before is there again',
    },
    'rows are removed only with ON_DELETE: remove': {
      code: 'remove ? queueDelete(tx, request) : undefined',
      without: 'queueDelete(tx, request)',
      title: 'rule 9: rows stay where they are to be kept',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'and only where there may be any': {
      title: 'rule 9: a deletion is queued only where the target may hold rows',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
  },
};
