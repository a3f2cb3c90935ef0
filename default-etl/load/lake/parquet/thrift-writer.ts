const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/**
 * Writes structs in Thrift's compact protocol, as Parquet's page headers and footer are. Fields in ascending order of
 * their ids.
 */
export class ThriftWriter {
  private bytes = Buffer.allocUnsafeSlow(1 << 8);
  private used = 0;
  private lastId = 0;

  /** What was written, the end of the outermost struct included. */
  finish(): Buffer {
    this.byte(0);
    return this.bytes.subarray(0, this.used);
  }

  boolean(id: number, value: boolean): this {
    return this.header(id, value ? 1 : 2);
  }

  i32(id: number, value: number): this {
    return this.header(id, I32).zigzag(value);
  }

  /** A whole number from 0 to 2^53. */
  i64(id: number, value: number): this {
    return this.header(id, I64).varint(value * 2);
  }

  text(id: number, value: string): this {
    return this.header(id, BINARY).binary(Buffer.from(value));
  }

  i32List(id: number, values: readonly number[]): this {
    this.list(id, I32, values.length);
    for (const value of values) this.zigzag(value);
    return this;
  }

  textList(id: number, values: readonly string[]): this {
    this.list(id, BINARY, values.length);
    for (const value of values) this.binary(Buffer.from(value));
    return this;
  }

  struct(id: number, write: (struct: this) => void): this {
    return this.header(id, STRUCT).inner(write);
  }

  structList<T>(id: number, items: readonly T[], write: (struct: this, item: T) => void): this {
    this.list(id, STRUCT, items.length);
    for (const item of items) this.inner(struct => write(struct, item));
    return this;
  }

  /** Structs that finish() made elsewhere. */
  writtenList(id: number, structs: readonly Buffer[]): this {
    this.list(id, STRUCT, structs.length);
    for (const struct of structs) this.append(struct);
    return this;
  }

  private inner(write: (struct: this) => void): this {
    const outerId = this.lastId;
    this.lastId = 0;
    write(this);
    this.byte(0);
    this.lastId = outerId;
    return this;
  }

  private header(id: number, type: number): this {
    const step = id - this.lastId;
    this.lastId = id;
    if (step <= 15) this.byte((step << 4) | type);
    else {
      this.byte(type);
      this.zigzag(id);
    }
    return this;
  }

  private list(id: number, type: number, length: number): this {
    this.header(id, LIST);
    if (length < 15) this.byte((length << 4) | type);
    else {
      this.byte(0xf0 | type);
      this.varint(length);
    }
    return this;
  }

  private zigzag(value: number): this {
    return this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  private varint(value: number): this {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
    return this;
  }

  private binary(value: Buffer): this {
    return this.varint(value.length).append(value);
  }

  private append(value: Buffer): this {
    this.reserve(value.length);
    this.used += value.copy(this.bytes, this.used);
    return this;
  }

  private byte(value: number): void {
    this.reserve(1);
    this.bytes[this.used++] = value;
  }

  private reserve(count: number): void {
    if (this.used + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.used + count));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }
}
