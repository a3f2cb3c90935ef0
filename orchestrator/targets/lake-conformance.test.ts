import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { TARGETS } from '../../default-etl/contract/contract.ts';
import { type Place, type Row, targetConformance } from '../../default-etl/load/conformance.ts';
import type { TargetKind } from '../../default-etl/load/target.ts';
import { temporaryFolder } from '../../default-etl/testing/load.ts';
import { withLeft } from '../schedule/left.ts';
import { keyOfLakeFile, lakeStore } from './lake.ts';
import type { CommitRequest } from './store.ts';

const kind = TARGETS['lake'] as TargetKind;

// The default ETL writes the file, and the orchestrator puts it in place.
targetConformance('lake', kind, (context: TestContext): Place => {
  const dataDir = temporaryFolder(context);
  const lake = join(dataDir, 'lake/test');
  return {
    load: { types: 'text' },
    environment: {},
    async rows() {
      const names = (await readdir(lake).catch(() => [])) as string[];
      const found = names.map(async name => [keyOfLakeFile(name) as string, await rowsIn(join(lake, name))] as const);
      return Object.fromEntries(await Promise.all(found));
    },
    async commit({ ran, key, replaces }) {
      const index = kind.traits.destination({}, 'test', 0);
      const request = {
        dataDir,
        run: { dataset: 'test', file: 'in.csv', fileKey: key, mendFile: null, action: ran ? 'add' : 'delete' },
        ledger: { replacesFormer: true, replaces: replaces.map(FILE_KEY => ({ index, FILE_KEY, FILE_ROWS: 3 })) },
        rows: { loaded: ran?.result?.rows_loaded ?? 0 },
        mostBytes: 1e9,
        mustLeaveFile: true,
      } as unknown as Omit<CommitRequest, 'left'>;
      const workDir = ran?.workDir ?? join(dataDir, 'none');
      await withLeft(workDir, '', left => lakeStore.commit({ ...request, left }));
    },
  };
});

async function rowsIn(path: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const found = await connection.runAndReadAll(`FROM read_parquet('${path}')`);
    return found.getRowObjectsJson() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
