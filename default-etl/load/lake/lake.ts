import { configFailure } from '../../contract/failure.ts';
import { SHARED_OPTIONS } from '../shared-options.ts';
import type { TargetKind } from '../target.ts';

/** Rows as a Parquet file of their own for each file. */
export const lake: TargetKind = {
  description: 'the embedded lake (one Parquet file per input file, in DATA_DIR/lake)',
  options: SHARED_OPTIONS,
  variables: {},
  traits: {
    title: 'the lake',
    // No index of Elasticsearch can have a colon.
    destination: (_load, dataset) => `lake:${dataset}`,
    commit: 'orchestrator',
    needs: [],
  },
  async open({ job, reader, newStep }) {
    const { LakeTarget } = await import('./lake-target.ts');
    return new LakeTarget(job, reader, newStep);
  },
  async deleteFile() {
    throw configFailure('ACTION delete: the lake has one file for each, which is simply removed');
  },
};
