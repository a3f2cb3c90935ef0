import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Batch, cellText, type Reader } from '../batch/batch.ts';
import { EtlFailure } from '../contract/failure.ts';
import { EXIT } from '../contract/protocol.ts';
import { type ByteStream, SourceFile } from '../unpack/source.ts';
import { Spill } from '../unpack/spill.ts';
import { openReader } from './open.ts';
import { type Format, FORMATS } from './registry.ts';

/** 2 MB and more: what no reader has at hand at a time. */
const MANY_ROWS = 100_000;
/** What a reader may hold of it for its batches, whatever the size of the file. */
const MOST_BATCH_BYTES = 4 << 20;

/** What the suite has to know of a format. */
export interface ReaderSample {
  /** Ends with one of the format's endings. */
  fileName: string;
  /**
   * A file of so many rows, numbered from 1, with the columns `id`, which is the row's number, and `text`, which is
   * `row <number>`.
   */
  contentOf(rows: number): Buffer | string;
  /**
   * Content that can never be read, and what the message says: where it is broken, by line and column where the format
   * has such.
   */
  broken: ReadonlyArray<readonly [content: Buffer | string, message: RegExp]>;
  /** Content that tells the format whatever the file is called. Left out where no content does. */
  unmistakable?: Buffer | string;
}

/** Where a file is read from, and what of it is still open. */
interface Opened {
  reader: Reader;
  openStreams(): number;
  close(): Promise<void>;
}

/** What every reader promises, whatever its format. `formats`: those that are known, the one named `name` among them. */
export function readerConformance(name: string, sample: ReaderSample, formats: readonly Format[] = FORMATS): void {
  const files = new SampleFiles(sample.fileName, formats);
  describe(`reader of ${name}`, () => {
    promisesRows(files, name, sample);
    promisesToEnd(files, sample);
    it('leaves nothing behind', () => files.remove());
  });
}

function promisesRows(files: SampleFiles, name: string, sample: ReaderSample): void {
  it('is chosen by the ending of the name, and by content that is unmistakable', async () => {
    await files.use(sample.contentOf(3), async ({ reader }) => assert.equal(formatIn(reader), name));
    if (sample.unmistakable === undefined) return;
    const found = await files.open(sample.unmistakable, { fileName: 'no-ending' });
    assert.equal(formatIn(found.reader), name);
    await found.close();
  });

  it('numbers the rows from 1, with lines that only go up, and reads them again from the beginning', async () => {
    await files.use(sample.contentOf(1000), async ({ reader }) => {
      const wanted = Array.from({ length: 1000 }, (_, index) => [index + 1, String(index + 1), `row ${index + 1}`]);
      const first = await rowsOf(reader);
      assert.deepEqual(
        first.map(({ number, id, text }) => [number, id, text]),
        wanted,
      );
      assert.ok(first.every(({ line }, index) => line >= (first[index - 1]?.line ?? 0)));
      assert.deepEqual(await rowsOf(reader), first);
      assert.ok(reader.maxRows >= 1000, `maxRows is ${reader.maxRows}`);
    });
  });

  it('holds no more of a large file than of a small one', async () => {
    await files.use(sample.contentOf(MANY_ROWS), async ({ reader }) => {
      const buffers = new Set<ArrayBufferLike>();
      let rows = 0;
      for await (const batch of reader.batches()) {
        buffers.add(batch.bytes.buffer);
        rows += batch.rows;
      }
      const heldBytes = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
      assert.equal(rows, MANY_ROWS);
      assert.ok(heldBytes < MOST_BATCH_BYTES, `${heldBytes} bytes in ${buffers.size} buffers`);
    });
  });
}

function promisesToEnd(files: SampleFiles, sample: ReaderSample): void {
  it('stops in the middle once the run is cancelled', async () => {
    const cancelling = new AbortController();
    const { reader, close } = await files.open(sample.contentOf(MANY_ROWS), { signal: cancelling.signal });
    const reason = new Error('cancelled');
    await assert.rejects(async () => {
      for await (const _batch of reader.batches()) cancelling.abort(reason);
    }, reason);
    await close();
  });

  it('closes what it opened: at the end, and where nobody reads on', async () => {
    await files.use(sample.contentOf(MANY_ROWS), async ({ reader, openStreams }) => {
      assert.equal(openStreams(), 0, 'once it is opened');
      for await (const _batch of reader.batches()) break;
      assert.equal(openStreams(), 0, 'after the first batch');
      for await (const _batch of reader.batches());
      assert.equal(openStreams(), 0, 'at the end');
    });
  });

  it('refuses an empty file, and says so', async () => {
    await assert.rejects(
      files.use('', async ({ reader }) => await rowsOf(reader)),
      isRefusal(/ is empty: /),
    );
  });

  it('says where a broken file is broken', async () => {
    for (const [content, message] of sample.broken)
      await assert.rejects(
        files.use(content, async ({ reader }) => await rowsOf(reader)),
        isRefusal(message),
      );
  });
}

/** Files in a folder of their own, and readers of them. */
class SampleFiles {
  private readonly folder = mkdtempSync(join(tmpdir(), 'reader-'));
  private readonly fileName: string;
  private readonly formats: readonly Format[];

  constructor(fileName: string, formats: readonly Format[]) {
    this.fileName = fileName;
    this.formats = formats;
  }

  /** To be closed. */
  async open(
    content: Buffer | string,
    { fileName = this.fileName, signal = new AbortController().signal } = {},
  ): Promise<Opened> {
    const path = join(this.folder, fileName);
    writeFileSync(path, content);
    const source = await SourceFile.open(path, { sizeBytes: null, mtimeNs: null, inode: null }, signal);
    const streams = countStreams(source);
    const spill = new Spill(join(this.folder, 'spill'));
    const close = async () => {
      await spill.close();
      await source.close();
    };
    try {
      const reader = await openReader({ source, fileName, extract: {}, spill, formats: this.formats });
      return { reader, close, openStreams: () => streams.size };
    } catch (error) {
      assert.equal(streams.size, 0, 'a file that is refused leaves no stream open');
      await close();
      throw error;
    }
  }

  async use<Value>(content: Buffer | string, use: (opened: Opened) => Promise<Value>): Promise<Value> {
    const opened = await this.open(content);
    try {
      return await use(opened);
    } finally {
      await opened.close();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Those of the file that were opened and not closed. */
function countStreams(file: SourceFile): ReadonlySet<ByteStream> {
  const streams = new Set<ByteStream>();
  const openStream = file.stream.bind(file);
  file.stream = start => {
    const inner = openStream(start);
    const stream: ByteStream = {
      fill: async (buffer, offset) => await inner.fill(buffer, offset),
      close() {
        streams.delete(stream);
        inner.close();
      },
    };
    streams.add(stream);
    return stream;
  };
  return streams;
}

function formatIn({ decisions }: Reader): unknown {
  return decisions.find(({ name }) => name === 'format')?.value;
}

interface Row {
  number: number;
  line: number;
  id: string | null | undefined;
  text: string | null | undefined;
}

async function rowsOf(reader: Reader): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of reader.batches()) {
    assert.deepEqual(batch.rejects, []);
    rows.push(...Array.from({ length: batch.rows }, (_, index) => rowIn(batch, index)));
  }
  return rows;
}

function rowIn(batch: Batch, index: number): Row {
  return {
    number: batch.numbers[index] as number,
    line: batch.lines[index] as number,
    id: cellText(batch, index, batch.header.indexOf('id')),
    text: cellText(batch, index, batch.header.indexOf('text')),
  };
}

/** Of a file that can never succeed: exit code 65, with the file's name. */
function isRefusal(message: RegExp): (error: unknown) => boolean {
  return error => {
    assert.ok(error instanceof EtlFailure, String(error));
    assert.equal(error.exitCode, EXIT.never, error.message);
    assert.match(error.message, message);
    return true;
  };
}
