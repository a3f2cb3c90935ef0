import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PART_BYTES = 1 << 20;
const LF = 10;

/** Things that are looked at twice and are too many for memory: lines of JSON in a file that has no name any more. */
export class Spool<Item> implements Disposable {
  count = 0;
  private readonly descriptor: number;
  private pending = '';

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'spool-'));
    this.descriptor = openSync(join(folder, 'lines'), 'wx+', 0o600);
    rmSync(folder, { recursive: true });
  }

  add(item: Item): void {
    this.count++;
    this.pending += `${JSON.stringify(item)}\n`;
    if (this.pending.length > PART_BYTES) this.flush();
  }

  /** All of them, in their order. */
  *read(): Generator<Item> {
    this.flush();
    const part = Buffer.allocUnsafeSlow(PART_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    for (let position = 0; ; ) {
      const length = readSync(this.descriptor, part, 0, part.length, position);
      if (length === 0) return;
      position += length;
      const bytes = Buffer.concat([rest, part.subarray(0, length)]);
      let from = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
        yield JSON.parse(bytes.toString('utf8', from, end)) as Item;
        from = end + 1;
      }
      rest = bytes.subarray(from);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }

  private flush(): void {
    writeSync(this.descriptor, this.pending);
    this.pending = '';
  }
}
