import type { Rule } from '../entry.ts';

export const rule11: Rule = {
  number: 11,
  name: 'Dates and overwriting',
  clauses: {
    'the date is that of the key’s first sight': {
      code: 'known?.first ?? run',
      without: 'run',
      title: 'rule 11: the index of a key is of when the key was first seen, forever',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'in UTC': {
      code: 'd: date => pad(date.getUTCDate())',
      without: 'd: date => pad(date.getDate())',
      title: 'rule 11: a date suffix is that of strftime in UTC, as the system’s own date command gives it',
    },
    'the ETL names the same index': {
      code: 'job.seenAt',
      without: 'Date.now()',
      title: 'rule 11: the date suffix is that of the first sight, in UTC',
    },
    'overwrite builds a new index': {
      without: '    return this.name;',
      title: 'rule 11: overwrite leaves the rows of the last file only, and never those of an older one',
    },
    'the alias leaves the old index in the same request': {
      code: '...removals',
      title: 'rule 11: a reader that counts all the time sees the old number or the new one',
    },
    'the old index goes': {
      title: 'rule 11: overwrite leaves the rows of the last file only, and never those of an older one',
    },
    'the alias moves only to a newer version': {
      without: '    return;',
      title: 'rule 11: overwrite leaves the rows of the last file only, and never those of an older one',
    },
    'one that fails changes nothing': {
      title: 'rule 11: an overwrite that fails leaves the index as it was, and nothing beside it',
    },
    'one run at a time of a dataset': {
      code: '|| slot.exclusive === true',
      title: 'an exclusive dataset runs one at a time',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'one run at a time of an index': {
      title: 'rule 11: of datasets that build the same index anew one runs at a time',
    },
    'also while another dataset’s goes on': {
      code: '|| (index !== undefined && taken.has(index))',
      title: 'rule 11: of datasets that build the same index anew one runs at a time',
    },
  },
};
