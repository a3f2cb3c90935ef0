import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { type Batch, cellText, type Reader } from '../batch.ts';
import { WORK_FILES } from '../contract.ts';
import type { Job } from '../settings.ts';
import type { Step } from '../transform/step.ts';
import type { Target } from './target.ts';

/** A row group ends with the batch that makes it this large. */
const GROUP_ROWS = 50_000;
const GROUP_BYTES = 16 << 20;
const SOURCE_COLUMNS = ['SOURCE_FILE', 'SOURCE_RUN', 'SOURCE_ROW'];

/**
 * Writes the rows as WORK_DIR/out.parquet: every column is text, a row group is held in memory. Where columns may come up
 * anywhere in the file (JSON, several sheets), a first pass collects their names. No columns at all, no file.
 */
export class LakeTarget implements Target {
  private readonly job: Job;
  private readonly reader: Reader;
  private readonly newStep: () => Step;
  private readonly path: string;
  private columns: string[] | undefined;
  private positions = new Map<string, number>();
  private writer: ParquetWriter | undefined;
  private cells: Array<Array<string | null>> = [];
  private rows = 0;
  private bytes = 0;

  constructor(job: Job, reader: Reader, newStep: () => Step) {
    this.job = job;
    this.reader = reader;
    this.newStep = newStep;
    this.path = join(job.workDir, WORK_FILES.lake);
  }

  async open(): Promise<void> {
    if (this.reader.columnsVary) this.begin(await this.allColumns());
  }

  async load(batch: Batch): Promise<void> {
    if (this.columns === undefined) this.begin(batch.header);
    for (let row = 0; row < batch.rows; row++) this.append(batch, row);
    if (this.rows >= GROUP_ROWS || this.bytes >= GROUP_BYTES) this.writeGroup();
  }

  async drain(): Promise<void> {
    if (this.columns === undefined && this.reader.emptyHeader)
      this.begin(this.newStep()(this.reader.emptyHeader()).header);
    this.writeGroup();
  }

  async complete(): Promise<number> {
    void this.writer?.finish();
    this.writer = undefined;
    return 0;
  }

  async takeBack(): Promise<string> {
    rmSync(this.path, { force: true });
    return '';
  }

  async close(): Promise<void> {}

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

  private begin(names: readonly string[]): void {
    this.columns = [...names, ...(this.job.load.source_columns ? SOURCE_COLUMNS : [])];
    this.positions = new Map(this.columns.map((name, position) => [name, position]));
    this.cells = this.columns.map(() => []);
    if (this.columns.length === 0) return;
    this.writer = new ParquetWriter({
      writer: fileWriter(this.path),
      schema: textSchema(this.columns),
      statistics: false,
    });
  }

  private append(batch: Batch, row: number): void {
    this.rows++;
    for (let column = 0; column < batch.header.length; column++) {
      const text = cellText(batch, row, column);
      if (text === undefined) continue;
      this.set(batch.header[column] as string, text);
    }
    if (this.job.load.source_columns) {
      this.set('SOURCE_FILE', this.job.filePath);
      this.set('SOURCE_RUN', this.job.runId);
      this.set('SOURCE_ROW', String(batch.numbers[row]));
    }
    for (const cells of this.cells) if (cells.length < this.rows) cells.push(null);
  }

  private set(name: string, text: string | null): void {
    (this.cells[this.positions.get(name) as number] as Array<string | null>)[this.rows - 1] = text;
    this.bytes += text?.length ?? 0;
  }

  private writeGroup(): void {
    if (this.rows === 0) return;
    const columnData = (this.columns as string[]).map((name, position) => ({
      name,
      data: this.cells[position] as Array<string | null>,
    }));
    // The writer does all its work before it returns: it waits only for writers that are asynchronous.
    void this.writer?.write({ columnData, rowGroupSize: this.rows });
    this.cells = this.cells.map(() => []);
    this.rows = 0;
    this.bytes = 0;
  }
}

function textSchema(columns: readonly string[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(
      (name): SchemaElement => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }),
    ),
  ];
}
