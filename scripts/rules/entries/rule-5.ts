import type { Rule } from '../entry.ts';

export const rule5: Rule = {
  number: 5,
  name: 'The tail',
  clauses: {
    'a number of at least the row is written before it is sent': {
      title: 'rule 5: a number of at least the rows sent is on disk',
    },
    'without it nothing is sent': {
      title: 'rule 5: where the number can’t be written, no row is sent',
    },
    'it is synced': {
      title: 'rule 5: the number is synced before the rows may be sent, in steps of 100,000',
    },
    'the journal keeps the maximum': {
      code: 'max(rows, $rows)',
      without: '$rows',
      title: 'rule 5: the highest number that may have been sent is kept until done lowers it to the rows read',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'done lowers it to the rows read': {
      title: 'rule 5: the highest number that may have been sent is kept until done lowers it to the rows read',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'it is read after every attempt': {
      without: '    undefined,',
      title: 'rule 5: what an attempt reserved is the next one’s FILE_ROWS, whatever became of it',
    },
    'unless the target refused every row: ids that never were are not deleted': {
      code: 'isEmpty(judged) ? 0 : reserved',
      without: 'reserved',
      title: 'rule 5: what may be in the target is written down, unless the target refused every row',
    },
    'also of one that a crash cut short': {
      title:
        'rule 10: an attempt seen dead goes back to the queue without using up a retry, its reserved rows remembered',
    },
    'every id up to it that was not loaded is deleted': {
      code: 'deletesTail',
      without: 'deletesTail && this.byKey',
      title: 'rule 5: rows that a shorter version does not have, and those it rejects, are gone afterwards',
    },
    'rejected rows’ ids too': {
      code: 'sentUpTo || this.notLoaded.has(row)',
      without: 'sentUpTo',
      title: 'rule 5: rows that a shorter version does not have, and those it rejects, are gone afterwards',
    },
    'those that Elasticsearch refuses too': {
      title: 'rule 5: a row that was loaded before and that Elasticsearch refuses now is gone afterwards',
    },
  },
};
