import type { Batch } from '../../batch/batch.ts';
import type { Reject } from '../../contract/protocol.ts';
import { rawText } from '../../batch/original.ts';
import { type DocumentShape, DocumentWriter, documentBound, documentShape } from './json-bytes.ts';
import { type Output, viewOf } from './words.ts';

/** A request ends with the row that makes it this large: five of them and the answers stay within a small container. */
export const REQUEST_BYTES = 3 << 20;
const SLACK_BYTES = 1 << 18;
/** Elasticsearch takes requests of up to 100 MB (http.max_content_length). */
export const MAX_DOCUMENT_BYTES = 95 << 20;

/**
 * Writes the action line of a row, of at most ACTION_BYTES, and returns the position behind it; -1 where the row cannot
 * have an id.
 */
export type WriteAction = (batch: Batch, row: number, target: Output, at: number) => number;

/** Bytes an action line may take: an id of 512 bytes, escaped, a version, and what is around them. */
export const ACTION_BYTES = 4096;

interface Segment {
  firstOperation: number;
  firstRow: number;
  batch: Batch;
}

/** One bulk request's body and, for each operation in it, where it lies and which row it is. */
export class BulkRequest implements Output {
  body: Buffer;
  view: DataView;
  byteLength = 0;
  operations = 0;
  /** operation i is body[starts[i], starts[i + 1]). */
  starts = new Int32Array(1 << 12);
  /** Row number of each operation. */
  rows = new Float64Array(1 << 12);
  private rowsInBatch = new Int32Array(1 << 12);
  private readonly segments: Segment[] = [];

  constructor(body: Buffer = Buffer.allocUnsafeSlow(REQUEST_BYTES + SLACK_BYTES)) {
    this.body = body;
    this.view = viewOf(body);
  }

  clear(): void {
    this.byteLength = 0;
    this.operations = 0;
    for (const { batch } of this.segments) batch.shared?.release();
    // A new list is one of numbers to V8 until something else is in it: what was compiled would be compiled anew.
    this.segments.length = 0;
    if (this.body.length > REQUEST_BYTES + SLACK_BYTES) this.resize(REQUEST_BYTES + SLACK_BYTES);
  }

  get isFull(): boolean {
    return this.byteLength >= REQUEST_BYTES;
  }

  /** Takes room for one operation of at most `bound` bytes; false where it is for the next request. */
  hasRoom(bound: number): boolean {
    if (this.byteLength + bound <= this.body.length) return true;
    if (this.operations > 0) return false;
    this.resize(bound);
    return true;
  }

  /** The operation that was written from byteLength to `end`. `batch` is null where there is nothing to say about its row. */
  add(end: number, number: number, batch: Batch | null, row: number): void {
    if (this.operations + 1 >= this.starts.length) this.lengthen();
    if (batch && this.segments.at(-1)?.batch !== batch) {
      batch.shared?.hold();
      this.segments.push({ firstOperation: this.operations, firstRow: row, batch });
    }
    this.starts[this.operations] = this.byteLength;
    this.rows[this.operations] = number;
    this.rowsInBatch[this.operations] = row;
    this.operations++;
    this.starts[this.operations] = end;
    this.byteLength = end;
  }

  /** The reject of an operation: the record as it stands in the file, or its document where that has no text. */
  reject(operation: number, reason: string): Reject {
    const batch = this.segments.findLast(segment => segment.firstOperation <= operation)?.batch;
    const row = this.rowsInBatch[operation] as number;
    const line = batch?.lines[row] || null;
    return { row: this.rows[operation] as number, line, reason, raw: this.rawOf(operation, batch, row) };
  }

  /** A request of only these operations, in its own buffer. */
  only(operations: readonly number[]): BulkRequest {
    const sizes = operations.map(operation => this.endOf(operation) - (this.starts[operation] as number));
    const part = new BulkRequest(Buffer.allocUnsafeSlow(sizes.reduce((sum, size) => sum + size, 0)));
    for (const operation of operations) {
      const end = this.body.copy(part.body, part.byteLength, this.starts[operation], this.endOf(operation));
      const segment = this.segments.findLast(candidate => candidate.firstOperation <= operation);
      part.add(
        part.byteLength + end,
        this.rows[operation] as number,
        segment?.batch ?? null,
        this.rowsInBatch[operation] as number,
      );
    }
    return part;
  }

  private resize(byteLength: number): void {
    this.body = Buffer.allocUnsafeSlow(byteLength);
    this.view = viewOf(this.body);
  }

  private endOf(operation: number): number {
    return this.starts[operation + 1] as number;
  }

  private rawOf(operation: number, batch: Batch | undefined, row: number): string {
    const raw = batch && rawText(batch, row);
    if (raw !== undefined) return raw;
    const text = this.body.toString('utf8', this.starts[operation], this.endOf(operation));
    return text.slice(text.indexOf('\n') + 1).trimEnd();
  }

  private lengthen(): void {
    const length = this.starts.length * 2;
    const starts = new Int32Array(length);
    const rows = new Float64Array(length);
    const rowsInBatch = new Int32Array(length);
    starts.set(this.starts);
    rows.set(this.rows);
    rowsInBatch.set(this.rowsInBatch);
    this.starts = starts;
    this.rows = rows;
    this.rowsInBatch = rowsInBatch;
  }
}

/** Renders rows into requests. */
export class BulkRenderer {
  private readonly writeAction: WriteAction;
  private readonly tailOf: (batch: Batch, row: number) => Buffer;
  private readonly namesOf: (header: readonly string[]) => readonly string[];
  private readonly shapes = new WeakMap<readonly string[], DocumentShape>();

  /**
   * `tailOf`: JSON of further members of each document, each with a comma before it. `namesOf`: what the columns are
   * called in the documents.
   */
  constructor(
    writeAction: WriteAction,
    tailOf: (batch: Batch, row: number) => Buffer,
    namesOf: (header: readonly string[]) => readonly string[] = header => header,
  ) {
    this.writeAction = writeAction;
    this.tailOf = tailOf;
    this.namesOf = namesOf;
  }

  /**
   * Renders rows from `row` on until the request is full; returns the first row that is left. `refuse` gets rows that
   * no request can take.
   */
  render(batch: Batch, row: number, request: BulkRequest, refuse: (row: number, reason: string) => void): number {
    const shape = this.shapeOf(batch);
    const writer = new DocumentWriter(batch, shape);
    let next = row;
    while (next < batch.rows && !request.isFull) {
      if (!request.hasRoom(ACTION_BYTES)) return next;
      const tail = this.tailOf(batch, next);
      const documentAt = this.writeAction(batch, next, request, request.byteLength);
      if (documentAt < 0) {
        refuse(next++, 'a key column is null or absent, so the row has no id');
        continue;
      }
      const end = writer.write(next, tail, request, documentAt);
      if (end < 0) {
        const bound = documentBound(batch, next, shape) + ACTION_BYTES + tail.length;
        if (bound > MAX_DOCUMENT_BYTES * 6) {
          refuse(next++, `the row is too large for a document: Elasticsearch takes at most 100 MB`);
          continue;
        }
        // Where there is room now, the row is written again.
        if (!request.hasRoom(bound)) return next;
        continue;
      }
      if (end - documentAt > MAX_DOCUMENT_BYTES) {
        refuse(next++, `the row makes a document of ${end - documentAt} bytes; Elasticsearch takes at most 100 MB`);
        continue;
      }
      request.body[end] = 10;
      request.add(end + 1, batch.numbers[next] as number, batch, next);
      next++;
    }
    return next;
  }

  private shapeOf({ header, literals }: Batch): DocumentShape {
    const known = this.shapes.get(header);
    if (known) return known;
    const shape = documentShape(this.namesOf(header), literals);
    this.shapes.set(header, shape);
    return shape;
  }
}
