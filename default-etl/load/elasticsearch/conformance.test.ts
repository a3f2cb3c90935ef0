import { TestIndex } from '../../testing/load.ts';
import { type Row, targetConformance } from '../conformance.ts';
import { elasticsearch } from './elasticsearch.ts';

targetConformance('elasticsearch', elasticsearch, context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  return {
    load: { index: index.name },
    environment: { ELASTICSEARCH_NODE: index.node },
    async rows() {
      await index.call('POST', `/${index.name}/_refresh`);
      const byKey: Record<string, Row[]> = {};
      for (const [id, row] of Object.entries(await index.documents())) {
        const key = id.slice(0, id.lastIndexOf('-'));
        (byKey[key] ??= []).push(row as Row);
      }
      return byKey;
    },
  };
});
