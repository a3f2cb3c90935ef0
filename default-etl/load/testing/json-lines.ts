// The worked example of CONTRIBUTING.md: a target that is added by its recipe, and that no dataset can name.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, rowRecord } from '../../batch/batch.ts';
import { Superseded } from '../../contract/failure.ts';
import type { Job } from '../../contract/settings.ts';
import { SHARED_OPTIONS } from '../shared-options.ts';
import type { Completed, Target, TargetKind } from '../target.ts';

const COMPLETED: Completed = { deleted: 0, left: [], leftOut: 0, toCheck: [] };

/** Rows as lines of JSON, a file for each FILE_KEY in the folder that JSON_LINES_FOLDER names. */
export const jsonLines: TargetKind = {
  description: 'a folder with a file of JSON lines per input file',
  options: SHARED_OPTIONS,
  variables: { JSON_LINES_FOLDER: 'where the files of JSON lines are kept' },
  traits: {
    title: 'the folder of JSON lines',
    destination: (_load, dataset) => `json-lines:${dataset}`,
    commit: 'etl',
    needs: [{ variable: 'JSON_LINES_FOLDER' }],
  },
  open: async ({ job }) => new JsonLinesTarget(job),
  async deleteFile({ job }) {
    const folder = new JsonLinesFolder(job);
    folder.assertNewest();
    return { ...COMPLETED, deleted: folder.remove(job.fileKey) };
  },
};

/** Writes beside what is visible, and takes its place once the file is whole. */
class JsonLinesTarget implements Target {
  private readonly job: Job;
  private readonly folder: JsonLinesFolder;
  private lines = '';
  private count = 0;

  constructor(job: Job) {
    this.job = job;
    this.folder = new JsonLinesFolder(job);
  }

  async open(): Promise<void> {
    this.folder.assertNewest();
  }

  async load(batch: Batch): Promise<void> {
    this.count += batch.rows;
    for (let row = 0; row < batch.rows; row++) this.lines += `${JSON.stringify(rowRecord(batch, row))}\n`;
  }

  async drain(): Promise<void> {}

  async complete(): Promise<Completed> {
    const { fileKey, replaces } = this.job;
    const former = this.folder.put(fileKey, this.lines);
    const replaced = replaces.map(({ FILE_KEY }) => this.folder.remove(FILE_KEY));
    const deleted = replaced.reduce((sum, rows) => sum + rows, Math.max(0, former - this.count));
    return { ...COMPLETED, deleted };
  }

  async abandon(): Promise<void> {}

  async takeBack(): Promise<string> {
    return '';
  }

  async close(): Promise<void> {}
}

/** `<FILE_KEY>.<VERSION>` has the rows of a file. */
class JsonLinesFolder {
  private readonly path: string;
  private readonly job: Job;

  constructor(job: Job) {
    this.job = job;
    this.path = job.environment['JSON_LINES_FOLDER'] as string;
    mkdirSync(this.path, { recursive: true });
  }

  /** Throws EtlFailure 75 where a newer version is there (rule 4). */
  assertNewest(): void {
    const newest = Math.max(0, ...this.namesOf(this.job.fileKey).map(versionOf));
    if (newest > this.job.version) throw new Superseded(newest, `version ${newest} of this file was loaded before`);
  }

  /** Returns how many rows were there before. */
  put(key: string, lines: string): number {
    const name = `${key}.${this.job.version}`;
    const former = this.namesOf(key);
    const before = former.reduce((sum, other) => sum + this.rowsIn(other), 0);
    writeFileSync(join(this.path, '.new'), lines, { flush: true });
    renameSync(join(this.path, '.new'), join(this.path, name));
    for (const other of former) if (other !== name) rmSync(join(this.path, other));
    return before;
  }

  /** Returns how many rows there were. */
  remove(key: string): number {
    let rows = 0;
    for (const name of this.namesOf(key)) {
      rows += this.rowsIn(name);
      rmSync(join(this.path, name));
    }
    return rows;
  }

  private namesOf(key: string): string[] {
    return readdirSync(this.path).filter(name => name.startsWith(`${key}.`));
  }

  private rowsIn(name: string): number {
    return readFileSync(join(this.path, name), 'utf8').split('\n').length - 1;
  }
}

function versionOf(name: string): number {
  return Number(name.slice(name.indexOf('.') + 1));
}
