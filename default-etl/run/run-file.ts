import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch, Reader } from '../batch/batch.ts';
import { type Decision, EXIT, type ResultMessage, WORK_FILES } from '../contract/protocol.ts';
import { openReader } from '../extract/open.ts';
import { EtlFailure, neverFailure, NothingLoaded, withinReach } from '../contract/failure.ts';
import type { Completed, Target } from '../load/target.ts';
import { rememberOriginal } from '../batch/original.ts';
import { Rejects } from './rejects.ts';
import type { Reporter } from '../contract/report.ts';
import { Reserve } from '../load/reserve.ts';
import type { Job } from '../contract/settings.ts';
import { RowSketch } from './sketch.ts';
import { SourceFile } from '../unpack/source.ts';
import { createPipeline } from '../transform/pipeline.ts';
import type { Step } from '../transform/step.ts';
import type { FileTypes } from '../types/column-type.ts';
import { findTypes } from '../types/find-types.ts';
import { Spill } from '../unpack/spill.ts';
import { withFindings } from './with-findings.ts';

export type Result = Omit<ResultMessage, 'type'>;

/** Loads one file. Throws EtlFailure where it can't; what it sent is taken back where the failure says so. */
export async function runFile(job: Job, reporter: Reporter, signal: AbortSignal): Promise<Result> {
  mkdirSync(job.workDir, { recursive: true });
  rmSync(join(job.workDir, WORK_FILES.rejects), { force: true });
  if (job.action === 'delete') return await deleteRows(job, reporter, signal);
  const source = await SourceFile.open(job.calledFile, job.expected, signal, job.file);
  const spill = new Spill(job.workDir);
  try {
    const reader = await readerOf(job, source, spill);
    const prepared = await prepare(job, reader, reporter);
    return await new FileRun({ job, source, reader, ...prepared, reporter, signal }).run();
  } catch (thrown) {
    const error = withinReach(source.path, thrown);
    // A file that is being rewritten looks damaged: that it changed is the better reason.
    if (error instanceof EtlFailure && error.exitCode === EXIT.never) await source.assertUnchanged();
    throw error;
  } finally {
    await spill.close();
    await source.close();
  }
}

async function readerOf({ action, fileName, extract }: Job, source: SourceFile, spill: Spill): Promise<Reader> {
  if (action !== 'mend') return await openReader({ source, fileName, extract, spill });
  const { openMend } = await import('../extract/mend.ts');
  return openMend(source);
}

/** The steps, and what the columns are after them. Whatever goes wrong, how the file is read is said. */
async function prepare(
  job: Job,
  reader: Reader,
  reporter: Reporter,
): Promise<Pick<FileRunOptions, 'newStep' | 'types' | 'decisions'>> {
  const decisions = [...reader.decisions];
  try {
    assertSure(job, decisions);
    const newStep = await createPipeline(job, reader, text => reporter.log(text));
    if (job.load.types === 'text') return { newStep, types: undefined, decisions };
    const { types, decision } = await findTypes(reader, newStep);
    decisions.push(decision);
    return { newStep, types, decisions };
  } finally {
    reporter.decided(decisions);
  }
}

/**
 * Throws EtlFailure 65 where a decision is less sure than EXTRACT.min_confidence. What only the rows show is told, not
 * refused.
 */
function assertSure({ action, extract: { min_confidence: least } }: Job, decisions: readonly Decision[]): void {
  if (least === undefined || action === 'mend') return;
  const doubtful = decisions.find(({ confidence }) => confidence < least);
  if (doubtful === undefined) return;
  const { name, value, confidence, reason } = doubtful;
  throw neverFailure(
    `${name} ${JSON.stringify(value)} is only ${Math.round(confidence * 100)} % sure, and EXTRACT.min_confidence is ${least}: ${reason}; say it by EXTRACT, or lower min_confidence, and replay the file`,
  );
}

async function deleteRows(job: Job, reporter: Reporter, signal: AbortSignal): Promise<Result> {
  const completed = await job.target.deleteFile({ job, log: text => reporter.log(text), signal });
  reporter.toCheck(completed.toCheck);
  const none = { rows_read: 0, rows_loaded: 0, rows_rejected: 0, rows_filtered: 0 };
  return { ...none, rows_deleted: completed.deleted, ...leftOf(completed) };
}

/** What there is mostly none of. */
function leftOf({ left, leftOut }: Completed): Pick<Result, 'rows_left' | 'values_left_out'> {
  return { ...(left.length > 0 && { rows_left: left }), ...(leftOut > 0 && { values_left_out: leftOut }) };
}

interface FileRunOptions {
  job: Job;
  source: SourceFile;
  reader: Reader;
  newStep: () => Step;
  types: FileTypes | undefined;
  /** What was said before the rows are read. */
  decisions: readonly Decision[];
  reporter: Reporter;
  signal: AbortSignal;
}

/** One file on its way from reader to target, counted (rule 7). */
class FileRun {
  private readonly job: Job;
  private readonly source: SourceFile;
  private readonly reader: Reader;
  private readonly reporter: Reporter;
  private readonly signal: AbortSignal;
  private readonly rejects: Rejects;
  private readonly reserve: Reserve;
  private readonly newStep: () => Step;
  private readonly types: FileTypes | undefined;
  private readonly decisions: readonly Decision[];
  private readonly step: Step;
  /** Only where rows of a former file of the name stay. */
  private readonly sketch: RowSketch | undefined;
  private rowsRead = 0;
  private rowsFiltered = 0;

  constructor({ job, source, reader, newStep, types, decisions, reporter, signal }: FileRunOptions) {
    this.job = job;
    this.source = source;
    this.reader = reader;
    this.reporter = reporter;
    this.signal = signal;
    this.rejects = new Rejects(job.workDir, reader.decisions);
    this.reserve = new Reserve(job.workDir, reader.maxRows);
    this.newStep = newStep;
    this.types = types;
    this.decisions = decisions;
    this.step = newStep();
    this.sketch = job.isAppended && job.action !== 'mend' ? new RowSketch() : undefined;
  }

  async run(): Promise<Result> {
    const target = await this.createTarget();
    try {
      return await this.transfer(target);
    } catch (error) {
      throw await this.undo(target, withinReach(this.source.path, error));
    } finally {
      this.rejects.close();
      this.reserve.close();
      await target.close();
    }
  }

  private async transfer(target: Target): Promise<Result> {
    await target.open(this.types);
    for await (const batch of this.reader.batches()) await this.pass(batch, target);
    // rule 6: and after reading
    await target.drain();
    await this.source.assertUnchanged();
    this.tellFindings();
    const sketch = this.sketch?.toText();
    if (sketch !== undefined) this.reporter.sketch(sketch);
    this.rejects.assertWritten();
    // rule 12: but only where one of them can be loaded
    if (this.isNothingLoaded()) return await this.abandon(target);
    this.assertFewRejects(true);
    return this.complete(target);
  }

  private async complete(target: Target): Promise<Result> {
    const completed = await target.complete();
    this.reporter.toCheck(completed.toCheck);
    return { ...this.result(completed.deleted), ...leftOf(completed) };
  }

  private tellFindings(): void {
    const { all, kept } = withFindings(this.decisions, this.reader.findings?.() ?? []);
    if (kept < all.length) this.reporter.decided(all, kept);
  }

  private async pass(read: Batch, target: Target): Promise<void> {
    this.signal.throwIfAborted();
    this.rowsRead += read.rows + read.rejects.length;
    this.rejects.see(read);
    this.sketch?.add(read);
    const batch = this.step(rememberOriginal(read));
    for (const reject of batch.rejects) this.rejects.add(reject);
    this.rowsFiltered += batch.filtered?.length ?? 0;
    await target.load(batch);
    this.assertFewRejects(false);
    this.reporter.progress(this.rowsRead, this.source.bytesRead, this.source.sizeBytes);
  }

  private createTarget(): Promise<Target> {
    const { job, reader, newStep, reserve, signal } = this;
    return job.target.open({
      job,
      reader,
      newStep,
      reserve,
      signal,
      reject: this.rejects.add.bind(this.rejects),
      log: text => this.reporter.log(text),
      sourceBytes: this.source.sizeBytes,
    });
  }

  private result(deleted: number): Result {
    const rejected = this.rejects.count;
    return {
      rows_read: this.rowsRead,
      rows_loaded: this.rowsRead - rejected - this.rowsFiltered,
      rows_rejected: rejected,
      rows_filtered: this.rowsFiltered,
      rows_deleted: deleted,
    };
  }

  /** Then what a former version loaded stays. A file of which all is filtered has no rows, mended rows are never a whole file. */
  private isNothingLoaded(): boolean {
    const filtered = this.job.action === 'mend' ? this.rowsFiltered : 0;
    return this.rowsRead > 0 && this.rejects.count + filtered === this.rowsRead;
  }

  private async abandon(target: Target): Promise<Result> {
    await target.abandon();
    const result = this.result(0);
    // Of mended rows those that still can't be loaded can be mended again.
    // rule 7: rows read and none loaded: 65
    if (this.job.action === 'mend') return result;
    const first = `row ${this.rejects.first?.row}: ${this.rejects.first?.reason}`;
    throw new NothingLoaded(
      result,
      `none of the ${this.rowsRead} rows could be loaded (${first}); ${WORK_FILES.rejects} has each with its reason`,
    );
  }

  /** LOAD.max_rejects: a number is held at any time, a share once all rows are read. */
  private assertFewRejects(isEnd: boolean): void {
    this.rejects.assertWritten();
    const most = this.job.load.max_rejects;
    if (most === undefined || this.job.action === 'mend') return;
    const limit = typeof most === 'number' ? most : isEnd ? (Number.parseFloat(most) / 100) * this.rowsRead : Infinity;
    // rule 7: max_rejects exceeded: 65
    if (this.rejects.count <= limit) return;
    throw neverFailure(
      `${this.rejects.count} of ${this.rowsRead} rows rejected, more than LOAD.max_rejects ${most} allows; ${WORK_FILES.rejects} has each with its reason`,
    );
  }

  /** Takes back what was sent where the failure says so. Returns what is to be thrown. */
  private async undo(target: Target, error: unknown): Promise<unknown> {
    const cause = await this.betterReason(target, error);
    if (!(cause instanceof EtlFailure) || !cause.takesBack || this.signal.aborted) return cause;
    const said = await target.takeBack();
    if (said === '') return cause;
    return new EtlFailure(cause.exitCode, `${cause.message}; ${said}`, { cause });
  }

  private async betterReason(target: Target, error: unknown): Promise<unknown> {
    if (!(error instanceof EtlFailure) || error.exitCode !== EXIT.never) return error;
    try {
      await this.source.assertUnchanged();
      return target.fault?.() ?? error;
    } catch (changed) {
      return changed;
    }
  }
}
