import type { Rule } from '../entry.ts';

export const rule7: Rule = {
  number: 7,
  name: 'Accounted',
  clauses: [
    {
      clause: 'rows read are loaded, rejected or filtered',
      file: 'orchestrator/schedule/decide.ts',
      code: "if (rows.read !== accounted) return { to: 'failed', rows, error: breachText(rows, accounted) };",
      without: '',
      test: 'orchestrator/schedule/decide.test.ts',
      title: 'rule 7: exit 0 with rows that do not add up is a breach of the contract, never done',
    },
    {
      clause: 'the journal refuses anything else as done',
      file: 'orchestrator/journal/migrations/1-journal.sql',
      code: 'OR coalesce(rows_deleted IS NOT NULL AND rows_read = rows_loaded + rows_rejected + rows_filtered, 0)',
      without: 'OR rows_read >= 0',
      test: 'orchestrator/journal/sqlite.test.ts',
      suite: 'orchestrator/journal/conformance.ts',
      title: 'rule 7: rows that do not add up are not done',
    },
    {
      clause: 'rows read and none loaded: 65',
      file: 'default-etl/run-file.ts',
      code: "if (this.rowsRead === 0 || this.rejects.count < this.rowsRead || this.job.action === 'mend') return;",
      without: 'return;',
      test: 'default-etl/load/elasticsearch.test.ts',
      title: 'rule 7: a file of which no row can be loaded can never succeed',
    },
    {
      clause: 'also where the program says 0',
      file: 'orchestrator/schedule/decide.ts',
      code: "if (rows.read > 0 && rows.read === rows.rejected && situation.run.action !== 'mend') {",
      without: 'if (rows.read < 0) {',
      test: 'orchestrator/schedule/decide.test.ts',
      title: 'rule 7: rows read and none of them loaded or filtered is quarantined, whatever the exit code says',
    },
    {
      clause: 'max_rejects exceeded: 65',
      file: 'default-etl/run-file.ts',
      code: 'if (this.rejects.count <= limit) return;',
      without: 'return;',
      test: 'default-etl/load/elasticsearch.test.ts',
      title: 'rule 7: more rejects than max_rejects take the version back and say that the former one is gone too',
    },
    {
      clause: 'its ids are deleted',
      file: 'default-etl/failure.ts',
      code: 'return new EtlFailure(EXIT.never, message, { cause, takesBack: true });',
      without: 'return new EtlFailure(EXIT.never, message, { cause });',
      test: 'default-etl/load/elasticsearch.test.ts',
      title: 'rule 7: more rejects than max_rejects take the version back and say that the former one is gone too',
    },
    {
      clause: 'the error says that the former rows are gone',
      file: 'default-etl/load/elasticsearch.ts',
      code: 'this.job.fileRows > 0 ?',
      without: 'this.job.fileRows < 0 ?',
      test: 'default-etl/load/elasticsearch.test.ts',
      title: 'rule 7: more rejects than max_rejects take the version back and say that the former one is gone too',
    },
    {
      clause: 'a refused row is a reject with its reason',
      file: 'default-etl/load/elasticsearch.ts',
      code: 'this.rejectRow(request.reject(operation, reason));',
      without: '',
      test: 'default-etl/load/elasticsearch.test.ts',
      title:
        'rule 7: what Elasticsearch refuses is a reject with line, reason and the text of the row; the rest is loaded',
    },
  ],
};
