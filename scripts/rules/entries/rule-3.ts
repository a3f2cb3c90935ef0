import type { Rule } from '../entry.ts';

export const rule3: Rule = {
  number: 3,
  name: 'Ids',
  clauses: {
    'the id is the key and ten digits of the row': {
      code: 'ROW_DIGITS',
      without: 'ROW_DIGITS - 1',
      title: 'rule 3: a row is one document with its columns and nothing else, under an id of file key and row',
    },
    'the key is 16 bytes of SHA-256': {
      code: '.subarray(0, 16)',
      without: '.subarray(0, 15)',
      title: 'rule 3: a file key is 16 bytes of SHA-256 over its parts, which NUL keeps apart, in base64url',
    },
    'its parts are joined by NUL': {
      code: "parts.join('\\0')",
      without: "parts.join('')",
      title: 'rule 3: a file key is 16 bytes of SHA-256 over its parts, which NUL keeps apart, in base64url',
    },
    'rows are numbered from 1 across sheets': {
      title: 'rule 3: the rows of all sheets are numbered on',
    },
    'and across the members of an archive': {
      title: 'rule 3: the tables of an archive follow each other, numbered on, and what else is in it is said',
    },
    'documents hold the columns and nothing else': {
      title: 'rule 3: a row is one document with its columns and nothing else, under an id of file key and row',
    },
    'A and A.1 stand side by side': {
      code: 'subobjects: false,\n      date_detection',
      without: 'date_detection',
      title: 'rule 3: a row is one document with its columns and nothing else, under an id of file key and row',
    },
    'with append the key is of the content, too': {
      code: "const append = dataset.settings.ON_CHANGE === 'append';",
      without: 'const append = dataset.settings.ON_CHANGE === undefined;',
      title: 'rule 3: the key is of dataset and path, with append of the content, too',
    },
    'append is the default where files are disposed of': {
      without: "    ON_CHANGE: 'replace',",
      title: 'ON_CHANGE is append where files are backed up or removed, unless it is set',
    },
    'a version changed in place is replaced': {
      without: '    replaces: [],',
      title: 'rule 3: another key of the same path is replaced, once, and one of another path is not',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'rows of replaced keys go once the new are loaded': {
      code: 'this.job.replaces',
      without: '[] as Replaced[]',
      title: 'rule 3: rows of replaced keys go once the new ones are loaded, and ACTION delete takes every row',
    },
    'a done version that was disposed of stays': {
      title: 'rule 3: the rows of an append key stay once the file of its done run was disposed of',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'also where the next file comes while it is being taken away': {
      title: 'rule 3: a run of a new file waits until it is written down that the former one was taken away',
    },
    'any other end does not keep its ids': {
      code: "$runId AND state = 'done'",
      without: '$runId',
      title: 'rule 3: the rows of an append key whose run was quarantined do not stay',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'after append, a version with replace takes the place of what was kept, too': {
      code: "WHEN 'replace' THEN TRUE",
      without: "WHEN 'replace' THEN kept = 0",
      title:
        'rule 3: after append, a version with ON_CHANGE: replace takes the place of all former ones of its path, kept or not',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'a file that is read from the backup replaces no other one of its path': {
      code: "WHEN 'stored' THEN file_key = $fileKey OR",
      without: "WHEN 'stored' THEN kept = 0 OR file_key = $fileKey OR",
      title:
        'rule 3: a file that is read from the backup replaces no rows of another one that has its path by now, and stays kept',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'a path that was absent and is back is an arrival': {
      code: '!arrival && ',
      title: 'rule 3: a path that was absent and is back is an arrival, even unchanged',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
  },
};
