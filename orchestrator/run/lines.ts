import { BOUNDS } from '../../default-etl/contract/contract.ts';

const NEWLINE = 10;
const RETURN = 13;

/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  write: (chunk: Buffer) => void;
  /** Hands over the last line where it has no line break. Idempotent. */
  end: () => void;
}

/** Of a longer line only the beginning is kept: no message is as long, and memory stays bounded whatever is printed. */
export const MAX_LINE_BYTES: number = BOUNDS.stdoutLineBytes;

/** Calls back with each line, without its `\n` or `\r\n`, at most MAX_LINE_BYTES of it. */
export function splitLines(onLine: (line: Buffer) => void): LineSplitter {
  let pieces: Buffer[] = [];
  let length = 0;

  function keep(piece: Buffer): void {
    const fitting = piece.subarray(0, MAX_LINE_BYTES - length);
    if (fitting.length === 0) return;
    pieces.push(fitting);
    length += fitting.length;
  }

  function handOver(): void {
    const line = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    pieces = [];
    length = 0;
    onLine(line.at(-1) === RETURN ? line.subarray(0, -1) : line);
  }

  return {
    write(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at));
        handOver();
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (length > 0) handOver();
    },
  };
}
