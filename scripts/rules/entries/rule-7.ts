import type { Rule } from '../entry.ts';

export const rule7: Rule = {
  number: 7,
  name: 'Accounted',
  clauses: {
    'rows read are loaded, rejected or filtered': {
      title: 'rule 7: exit 0 with rows that do not add up is a breach of the contract, never done',
    },
    'the journal refuses anything else as done': {
      without: '    OR rows_read >= 0',
      title: 'rule 7: rows that do not add up are not done',
      test: 'orchestrator/journal/sqlite/sqlite-journal.test.ts',
    },
    'rows read and none loaded: 65': {
      without: '    return result;',
      title: 'rule 7: a file of which no row can be loaded can never succeed',
    },
    'also where the program says 0': {
      without: '  if (rows.read < 0) {',
      title: 'rule 7: rows read and none of them loaded or filtered is quarantined, whatever the exit code says',
    },
    'max_rejects exceeded: 65': {
      without: '    return;',
      title: 'rule 7: more rejects than max_rejects take the version back and say that the former one is gone too',
    },
    'its ids are deleted': {
      code: 'cause, takesBack: true',
      without: 'cause',
      title: 'rule 7: more rejects than max_rejects take the version back and say that the former one is gone too',
    },
    'the error says that the former rows are gone': {
      code: 'this.job.fileRows > 0 ?',
      without: 'this.job.fileRows < 0 ?',
      title: 'rule 7: more rejects than max_rejects take the version back and say that the former one is gone too',
    },
    'a refused row is a reject with its reason': {
      title:
        'rule 7: what Elasticsearch refuses is a reject with line, reason and the text of the row; the rest is loaded',
    },
    'a type that was found out rejects no row': {
      code: 'type, ignore_malformed: true',
      without: 'type',
      title: 'rule 7: a value that is not of the type that was found rejects no row, in no column',
    },
    'nor does the format of a date': {
      code: ".join('||'), ignore_malformed: true",
      without: ".join('||')",
      title: 'rule 7: a value that is not of the type that was found rejects no row, in no column',
    },
  },
};
