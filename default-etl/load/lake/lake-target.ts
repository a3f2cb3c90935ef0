import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch, Reader } from '../../batch/batch.ts';
import { WORK_FILES } from '../../contract/protocol.ts';
import type { Job } from '../../contract/settings.ts';
import type { Step } from '../../transform/step.ts';
import type { ColumnType, FileTypes } from '../../types/column-type.ts';
import { LakeColumns } from './lake-columns.ts';
import { ParquetFile } from './parquet/parquet-file.ts';
import { SOURCE_FILE, SOURCE_RUN } from '../source-columns.ts';
import type { Completed, Target } from '../target.ts';

/** A row group ends with the batch that makes it this large. DuckDB reads groups of 122,880 rows best. */
const GROUP_ROWS = 122_880;
const GROUP_BYTES = 16 << 20;

/**
 * Writes the rows as WORK_DIR/out.parquet: every column as its text, and beside it, where it was found to be numbers,
 * dates or booleans, as what it is. A row group is held in memory. Where columns may come up anywhere in the file
 * (JSON, several sheets), a first pass collects their names. No columns at all, no file.
 */
export class LakeTarget implements Target {
  private readonly job: Job;
  private readonly reader: Reader;
  private readonly newStep: () => Step;
  private readonly path: string;
  private types: FileTypes = new Map<string, ColumnType>();
  private columns: LakeColumns | undefined;
  private file: ParquetFile | undefined;

  constructor(job: Job, reader: Reader, newStep: () => Step) {
    this.job = job;
    this.reader = reader;
    this.newStep = newStep;
    this.path = join(job.workDir, WORK_FILES.lake);
  }

  async open(types: FileTypes | undefined): Promise<void> {
    if (types) this.types = types;
    if (this.reader.columnsVary) this.begin(await this.allColumns());
  }

  async load(batch: Batch): Promise<void> {
    const columns = this.columns ?? this.begin(batch.header);
    columns.add(batch);
    if (columns.rows >= GROUP_ROWS || columns.byteLength >= GROUP_BYTES) this.writeGroup();
  }

  async drain(): Promise<void> {
    if (this.columns === undefined && this.reader.emptyHeader) {
      this.begin(this.newStep()(this.reader.emptyHeader()).header);
    }
    this.writeGroup();
  }

  async complete(): Promise<Completed> {
    this.file?.finish(this.columns?.keyValues() ?? {});
    this.file = undefined;
    return { deleted: 0, left: [], leftOut: 0, toCheck: [] };
  }

  async abandon(): Promise<void> {
    rmSync(this.path, { force: true });
  }

  async takeBack(): Promise<string> {
    await this.abandon();
    return '';
  }

  async close(): Promise<void> {
    this.file?.close();
    this.file = undefined;
  }

  private async allColumns(): Promise<string[]> {
    const names = new Set<string>();
    const seen = new Set<readonly string[]>();
    const step = this.newStep();
    for await (const batch of this.reader.batches()) {
      const { header } = step(batch);
      if (seen.has(header)) continue;
      seen.add(header);
      for (const name of header) names.add(name);
    }
    return [...names];
  }

  private begin(names: readonly string[]): LakeColumns {
    const { filePath, runId, load } = this.job;
    const source = load.source_columns ? { [SOURCE_FILE]: filePath, [SOURCE_RUN]: runId } : undefined;
    this.columns = new LakeColumns(names, this.types, source);
    const written = this.columns.written();
    if (written.length > 0) this.file = new ParquetFile(this.path, written);
    return this.columns;
  }

  private writeGroup(): void {
    if (this.columns === undefined || this.columns.rows === 0) return;
    this.file?.writeRowGroup(this.columns.rows, this.columns.values());
    this.columns.clear();
  }
}
