import { neverFailure } from '../../contract/failure.ts';
import type { ByteStream } from '../../unpack/source.ts';
import { openZip, type ZipEntry } from '../archive/zip.ts';
import type { RandomAccess } from '../archive/zip-directory.ts';
import type { ZipLimits } from '../archive/zip-member.ts';
import { type XmlNames, XmlScanner } from '../markup/xml-scanner.ts';

const PIECE_BYTES = 1 << 16;

/** The parts of a workbook that is a zip file, by name; case and a leading `/` do not matter (ECMA-376 part 2, 6.2.2). */
export class ZipParts {
  readonly path: string;
  readonly names: string[];
  private readonly entries: Map<string, ZipEntry>;

  /** `folder`: what the names of the parts begin with; members elsewhere are none. */
  constructor(path: string, folder: string, entries: readonly ZipEntry[]) {
    this.path = path;
    const files = entries.filter(entry => !entry.isFolder && entry.name.startsWith(folder));
    const named = files.map(entry => [entry.name.slice(folder.length), entry] as const);
    this.names = named.map(([name]) => name);
    this.entries = new Map(named.map(([name, entry]) => [keyOf(name), entry]));
  }

  static async open(file: RandomAccess, folder: string, limits: Pick<ZipLimits, 'anyRatioBytes'>): Promise<ZipParts> {
    return new ZipParts(file.path, folder, await openZip(file, limits));
  }

  has(name: string): boolean {
    return this.entries.has(keyOf(name));
  }

  /** Unpacked; 0 for a part that is not there. */
  sizeOf(name: string): number {
    return this.entries.get(keyOf(name))?.sizeBytes ?? 0;
  }

  async stream(name: string): Promise<ByteStream> {
    const entry = this.entries.get(keyOf(name));
    if (entry !== undefined) return await entry.stream();
    throw neverFailure(`${this.path} is a damaged workbook: its part ${name} is missing; open and save it again`);
  }

  /**
   * Unpacks them all and throws where one is damaged: for a library that does so by itself, and goes on for ever with
   * some damaged bytes.
   */
  async assertWhole(): Promise<void> {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (const entry of this.entries.values()) {
      const stream = await entry.stream();
      try {
        while ((await stream.fill(piece, 0)) > 0);
      } finally {
        stream.close();
      }
    }
  }

  /** To be closed. */
  scan(name: string, names: XmlNames): XmlScanner {
    return XmlScanner.open(`${this.path}: its part ${name}`, () => this.stream(name), names);
  }

  /** What `read` makes of the XML of a part. */
  async read<Value>(name: string, names: readonly string[], read: (xml: XmlScanner) => Promise<Value>): Promise<Value> {
    const xml = this.scan(name, { names, isPrefixFree: true });
    try {
      return await read(xml);
    } finally {
      xml.close();
    }
  }
}

function keyOf(name: string): string {
  return name.replace(/^\/+/, '').toLowerCase();
}
