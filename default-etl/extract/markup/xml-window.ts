import { neverFailure } from '../../contract/failure.ts';
import type { ByteStream } from '../../unpack/source.ts';

const WINDOW_BYTES = 1 << 18;
const MAX_TOKEN_BYTES = 1 << 27;

/** The bytes of XML that are looked at: what is not used yet is carried over into the next window. */
export abstract class XmlWindow {
  bytes: Buffer = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  /** What is used of the window, and what is filled. */
  protected at = 0;
  protected limit = 0;
  private readonly label: string;
  private readonly stream: ByteStream;

  constructor(stream: ByteStream, label: string) {
    this.stream = stream;
    this.label = label;
  }

  /** Reads on. Returns false at the end of XML that is whole. */
  async fill(): Promise<boolean> {
    this.slide();
    const left = this.limit;
    do {
      const count = await this.stream.fill(this.bytes, this.limit);
      this.limit += count;
      if (count === 0) break;
      // A token that takes more than a window is looked at again from its beginning: once for each doubling, not for each piece.
    } while (left >= WINDOW_BYTES / 2 && this.limit < this.bytes.length);
    if (this.limit === left) this.assertWhole();
    return this.limit > left;
  }

  /** Reads to the end without looking at what is there: the stream checks its bytes. */
  async drain(): Promise<void> {
    while ((await this.stream.fill(this.bytes, 0)) > 0);
  }

  close(): void {
    this.stream.close();
  }

  /** What is to be thrown where the XML is not as it should be. */
  damaged(reason: string): Error {
    return neverFailure(`${this.label} is damaged: ${reason}; open and save it again`);
  }

  /** What is to be thrown where it is whole, and more than can be taken. */
  tooLarge(reason: string): Error {
    return neverFailure(`${this.label} is too large: ${reason}; save the table as CSV`);
  }

  /** Throws where the XML must not end yet. */
  protected abstract assertWhole(): void;

  /** What is not yet used goes to the front, into a larger window where it is most of it. */
  private slide(): void {
    const left = this.limit - this.at;
    if (left >= MAX_TOKEN_BYTES) throw this.damaged(`a tag or text in it does not end within ${left} bytes`);
    const target = left > this.bytes.length / 2 ? Buffer.allocUnsafeSlow(this.bytes.length * 2) : this.bytes;
    this.bytes.copy(target, 0, this.at, this.limit);
    this.bytes = target;
    this.at = 0;
    this.limit = left;
  }
}
