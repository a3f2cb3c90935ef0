import type { Rule } from '../entry.ts';

export const rule6: Rule = {
  number: 6,
  name: 'What was read is what was meant',
  clauses: {
    'equal content is skipped': {
      code: 'isUnchanged',
      without: 'isUnchanged && arrival',
      title: 'rule 6: equal content after a version that is done is skipped, and its version known',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'only after a version that is done': {
      code: "state === 'done' && previous.contentHash",
      without: 'contentHash',
      title: 'rule 6: equal content is not skipped unless the version just before is done',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'the version is looked at before reading': {
      title: 'rule 6: a file that is another version than was meant is not loaded',
    },
    'its mtime is looked at': {
      code: "'mtimeNs', 'inode'",
      without: "'inode'",
      title: 'rule 6: a file that is another version than was meant is not loaded',
    },
    'its inode is looked at': {
      code: "'mtimeNs', 'inode'",
      without: "'mtimeNs'",
      title: 'rule 6: a file that is another version than was meant is not loaded',
    },
    'and after reading': {
      code: '\n    await this.source.assertUnchanged();',
      title: 'rule 6: rows of a file that changed while it was read are taken out again',
    },
    'if it differs, the ids that were sent are deleted': {
      code: 'cause, takesBack: true',
      without: 'cause',
      title: 'rule 6: rows of a file that changed while it was read are taken out again',
    },
    'skipped if the path holds another version': {
      code: "if (situation.path === 'changed') {",
      without: "if (situation.path === 'changed' && situation.sentRows === null) {",
      title: 'rule 6: after any end but 0 a path with another version is skipped, one with none cancelled',
    },
    'cancelled if it holds none': {
      without: '  return undefined;',
      title: 'rule 6: after any end but 0 a path with another version is skipped, one with none cancelled',
    },
    'the error tells of rows that were overwritten': {
      without: "  return '';",
      title: 'rule 6: the error says so where rows of the former version were partly overwritten',
    },
    'the same before an attempt starts': {
      code: "if (moved) return { how: 'settled', finish: moved };",
      without: "if (moved && sentRows) return { how: 'settled', finish: moved };",
      title:
        'rule 6: a file that changed before its attempt is skipped, one that is gone cancelled, and nothing is started',
    },
  },
};
