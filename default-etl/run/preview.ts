import { type Batch, cellText } from '../batch/batch.ts';
import type { PreviewMessage } from '../contract/protocol.ts';
import { openReader } from '../extract/open.ts';
import { fittingDecisions } from '../contract/report.ts';
import type { Job } from '../contract/settings.ts';
import { SourceFile } from '../unpack/source.ts';
import { createPipeline } from '../transform/pipeline.ts';
import { findTypes } from '../types/find-types.ts';
import { Spill } from '../unpack/spill.ts';
import { withFindings } from './with-findings.ts';
import { visible } from '../contract/visible.ts';

/** Of a longer cell only the beginning is shown. */
const MOST_CHARACTERS = 1000;
/** Of all that is shown: a table of many columns has shorter cells, and names. */
const MOST_SHOWN = 4_000_000;
const FEWEST_CHARACTERS = 16;
const MOST_WARNINGS = 100;
/** Rows are looked for in this many read at most, should the steps take out nearly all. */
const MOST_READ = 100_000;

type Cell = PreviewMessage['rows'][number]['cells'][number];

/**
 * What would become of the file's first rows. Reads, and changes nothing; what has to be unpacked goes below `folder`.
 * Throws EtlFailure as a run of the file would.
 */
export async function previewFile(
  job: Job,
  { rows, folder, signal }: { rows: number; folder: string; signal: AbortSignal },
): Promise<PreviewMessage> {
  const source = await SourceFile.open(job.calledFile, job.expected, signal, job.file);
  const spill = new Spill(folder);
  try {
    const reader = await openReader({ source, fileName: job.fileName, extract: job.extract, spill });
    const warnings: string[] = [];
    const newStep = await createPipeline(job, reader, text => warnings.push(text));
    const { decision: types } = await findTypes(reader, newStep);
    const step = newStep();
    const preview = new Preview(rows);
    for await (const batch of reader.batches()) if (preview.add(step(batch))) break;
    const empty = reader.emptyHeader?.();
    if (empty && !preview.hasBatch) preview.add(step(empty));
    const { all } = withFindings([...reader.decisions, types], reader.findings?.() ?? []);
    return preview.message(all, warnings);
  } finally {
    await spill.close();
    await source.close();
  }
}

/** The first rows of a file, in columns that may become more as it is read. */
class Preview {
  hasBatch = false;
  private readonly most: number;
  private readonly columns = new Set<string>();
  private readonly rows: Array<{ row: number; cells: Map<string, Cell> }> = [];
  private readonly rejects: PreviewMessage['rejects'] = [];
  private read = 0;
  private filtered = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Whether that is enough. */
  add(batch: Batch): boolean {
    this.hasBatch = true;
    for (const name of batch.header) this.columns.add(name);
    const taken = Math.min(batch.rows, this.most - this.rows.length);
    for (let row = 0; row < taken; row++) this.addRow(batch, row);
    const last = this.rows.length === this.most ? (this.rows.at(-1)?.row ?? 0) : Infinity;
    for (const reject of batch.rejects) {
      if (reject.row <= last && this.rejects.length < this.most)
        this.rejects.push({ ...reject, reason: shorten(visible(reject.reason)), raw: shorten(reject.raw) });
    }
    this.filtered += (batch.filtered ?? []).filter(row => row <= last).length;
    this.read += batch.rows + batch.rejects.length + (batch.filtered?.length ?? 0);
    return this.rows.length >= this.most || this.read >= MOST_READ;
  }

  message(decisions: PreviewMessage['decisions'], warnings: string[]): PreviewMessage {
    const { rejects, filtered } = this;
    const names = [...this.columns];
    const share = Math.floor(MOST_SHOWN / (names.length * (this.rows.length + 1)));
    const most = Math.min(MOST_CHARACTERS, Math.max(FEWEST_CHARACTERS, share));
    const shown = (cell: Cell | undefined) => (typeof cell === 'string' ? shorten(cell, most) : (cell ?? null));
    return {
      type: 'preview',
      decisions: fittingDecisions(decisions),
      warnings: warnings.slice(0, MOST_WARNINGS).map(warning => shorten(warning)),
      columns: names.map(name => shorten(name, most)),
      rows: this.rows.map(({ row, cells }) => ({ row, cells: names.map(name => shown(cells.get(name))) })),
      rejects,
      filtered,
    };
  }

  private addRow(batch: Batch, row: number): void {
    const cells = batch.header.map((name, column): [string, Cell] => {
      const text = cellText(batch, row, column) ?? null;
      if (text === null) return [name, null];
      return [name, batch.literals?.[column] ? literal(text) : shorten(text)];
    });
    this.rows.push({ row: batch.numbers[row] as number, cells: new Map(cells) });
  }
}

/** A whole number of more digits than JavaScript's have stays text. */
function literal(text: string): Cell {
  return /^-?\d{16,}/.test(text) ? text : (JSON.parse(text) as Cell);
}

function shorten(text: string, most = MOST_CHARACTERS): string {
  if (text.length <= most) return text;
  return text.endsWith('…') && text.length === most + 1 ? text : `${text.slice(0, most)}…`;
}
