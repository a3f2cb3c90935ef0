import type { ABSENT, Batch, NULL } from '../batch/batch.ts';
import { BatchBuilder, BatchFull, TooManyColumns } from '../batch/batch-builder.ts';
import { neverFailure } from '../contract/failure.ts';
import { type Limits, tooManyColumns } from '../contract/limits.ts';
import type { Source } from '../unpack/source.ts';
import { rejectInvalid, rejectInvalidCells } from './reject-invalid.ts';
import { SyntaxFault } from './syntax-fault.ts';
import type { Encoding } from './byte-order.ts';
import { openText } from './text-encoding.ts';
import type { TextWindow } from './text-window.ts';

/** One pass over the records of a text that are found one by one in a window on it. */
export interface RecordRun {
  /** Of the format, for messages. */
  language: string;
  window: TextWindow;
  /** What collects the rows. */
  builder: BatchBuilder;
  /**
   * Takes the next record, or the next piece of what is around them, off the window's front; a record that finds the
   * builder full comes again once that is taken. False where the window holds nothing complete. Throws SyntaxFault.
   */
  advance(): boolean;
  /** The window is final, and nothing more can be taken. Throws where something is missing. */
  assertWhole(): void;
}

/** A record can't become a row, though it is what its format makes of one. */
export class RecordError extends Error {}

/** Makes rows of records, numbered one after the other; what can't be one becomes a reject. */
export abstract class NumberedRows {
  readonly builder = new BatchBuilder();
  protected number = 1;

  /**
   * Puts the cells of bytes[from, to) into the row just begun. Throws RecordError, BatchFull and SyntaxFault. `key`: as
   * addRow() got it.
   */
  protected abstract fillRow(bytes: Buffer, from: number, to: number, key?: string): void;

  /** False where the builder is full: the record has to come again once that is taken. Throws SyntaxFault. */
  protected addRow(
    blank: typeof NULL | typeof ABSENT,
    bytes: Buffer,
    from: number,
    to: number,
    line: number,
    key?: string,
  ): boolean {
    this.builder.beginRow(this.number, line, blank);
    try {
      this.fillRow(bytes, from, to, key);
    } catch (error) {
      this.builder.dropRow();
      if (error instanceof BatchFull) return false;
      if (!(error instanceof RecordError)) throw error;
      this.refuse(bytes, from, to, line, error.message);
      return true;
    }
    this.number++;
    return true;
  }

  /** Counts as a record, and becomes a reject. */
  refuse(bytes: Buffer, from: number, to: number, line: number, reason: string): void {
    this.builder.reject({ row: this.number++, line, reason, raw: bytes.toString('utf8', from, to) });
  }
}

/** The batches of a run. Throws EtlFailure 65 where the text is damaged, with the line and the column. */
export async function* readRecords(
  source: Pick<Source, 'path' | 'stream'>,
  encoding: Encoding,
  run: RecordRun,
  limits: Limits,
): AsyncGenerator<Batch> {
  const { window, builder } = run;
  builder.mostColumns = limits.columns;
  const stream = await openText(source, encoding);
  try {
    do {
      if (window.to - window.from >= limits.rowBytes)
        throw new SyntaxFault(
          `what begins here does not end within ${limits.rowBytes} bytes (EXTRACT.limits.row_size)`,
          window.from,
        );
      await window.slide(stream);
      builder.restart(window.bytes, window.to);
      while (run.advance()) if (builder.isFull) yield takeRows(run, encoding);
      if (!builder.isEmpty) yield takeRows(run, encoding);
    } while (!window.isFinal);
    run.assertWhole();
  } catch (error) {
    if (error instanceof TooManyColumns)
      throw tooManyColumns(source.path, `as far as line ${window.lineAt(window.from)} its rows have`, limits.columns);
    if (!(error instanceof SyntaxFault)) throw error;
    const place = window.placeOf(error.position);
    throw neverFailure(
      `${source.path} is not ${run.language}: ${error.message} (${place}); correct it there, or export it again`,
    );
  } finally {
    stream.close();
  }
}

/** What was read of this window so far. Text that was unescaped stays where it is: a footer's rows may be held back. */
function takeRows({ window, builder }: RecordRun, { name }: Encoding): Batch {
  const batch = { ...builder.take(), shared: window.shared };
  const text = window.bytes.subarray(0, window.to);
  if (name === 'utf8' && batch.rows > 0)
    if ((batch.rawStarts[0] as number) >= 0) rejectInvalid(batch, text);
    else rejectInvalidCells(batch, text);
  return batch;
}
