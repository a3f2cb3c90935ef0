import { indexName } from '../../contract/protocol.ts';
import { Reserve } from '../reserve.ts';
import { SHARED_OPTIONS } from '../shared-options.ts';
import type { TargetKind } from '../target.ts';
import { ELASTICSEARCH, VARIABLES } from './connection-settings.ts';
import { ELASTICSEARCH_OPTIONS } from './options.ts';

/** Rows as documents of an index. */
export const elasticsearch: TargetKind = {
  description: 'an Elasticsearch index',
  options: { ...ELASTICSEARCH_OPTIONS, ...SHARED_OPTIONS },
  variables: VARIABLES,
  traits: { title: 'Elasticsearch', destination: indexName, commit: 'etl', needs: [ELASTICSEARCH] },
  async open(context) {
    const { ElasticsearchTarget } = await import('./elasticsearch-target.ts');
    return new ElasticsearchTarget(context);
  },
  async deleteFile(context) {
    const { ElasticsearchTarget } = await import('./elasticsearch-target.ts');
    const reserve = new Reserve(context.job.workDir, 0);
    const target = new ElasticsearchTarget({ ...context, reserve, reject: () => {}, sourceBytes: 0 });
    try {
      return await target.deleteAll();
    } finally {
      await target.close();
    }
  },
};
