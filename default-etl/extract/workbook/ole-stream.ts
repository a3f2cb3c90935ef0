const MAGIC = 'd0cf11e0a1b11ae1';
/** Sectors from this number on are none: free, the end of a chain, and the like. */
const FIRST_SPECIAL = 0xfffffffa;
const ENTRY_BYTES = 128;
const MINI_SECTOR_BYTES = 64;
const HEADER_POINTERS = 109;

/** Its message says what is wrong. */
export class OleDamage extends Error {}

/** By its first bytes. */
export function isOle(bytes: Buffer): boolean {
  return bytes.toString('hex', 0, 8) === MAGIC;
}

interface Entry {
  name: string;
  start: number;
  sizeBytes: number;
  links: readonly number[];
  child: number;
}

/**
 * An OLE 2 file, in which an xls since Excel 5 is a stream ([MS-CFB]). Its chains of sectors are followed, none of
 * which may come back to itself or end beyond the file.
 */
export class OleFile {
  private readonly bytes: Buffer;
  private readonly sectorBytes: number;
  private readonly next: number[];
  private readonly entries: Entry[];

  /** Throws OleDamage. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.sectorBytes = 2 ** bytes.readUInt16LE(30);
    if (this.sectorBytes < 512 || this.sectorBytes > 4096) throw new OleDamage('its sectors have no size');
    this.next = numbersIn(Buffer.concat(this.tableSectors().map(sector => this.sector(sector))));
    this.entries = entriesIn(this.chain(bytes.readUInt32LE(48)));
    for (const { start, sizeBytes } of this.entries.slice(1)) if (!this.isMini(sizeBytes)) this.sectors(start);
  }

  /** The stream of one of these names in the root folder; undefined where there is none. Throws OleDamage. */
  stream(names: readonly string[]): Buffer | undefined {
    const found = names.flatMap(name => this.rootEntries().filter(entry => entry.name.toLowerCase() === name))[0];
    if (found === undefined) return undefined;
    const content = this.isMini(found.sizeBytes) ? this.miniChain(found.start) : this.chain(found.start);
    if (content.length < found.sizeBytes) throw new OleDamage(`its part ${found.name} ends in the middle`);
    return content.subarray(0, found.sizeBytes);
  }

  private isMini(sizeBytes: number): boolean {
    return sizeBytes < this.bytes.readUInt32LE(56);
  }

  private rootEntries(): Entry[] {
    const found: Entry[] = [];
    const seen = new Set<number>();
    const waiting = [this.entries[0]?.child ?? FIRST_SPECIAL];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const entry = this.entries[id];
      if (entry === undefined || seen.has(id)) continue;
      seen.add(id);
      found.push(entry);
      waiting.push(...entry.links);
    }
    return found;
  }

  /** Where the table of chains is: the first sectors of it are named in the header, further ones in sectors of their own. */
  private tableSectors(): number[] {
    const sectors = numbersIn(this.bytes.subarray(76, 76 + 4 * HEADER_POINTERS));
    let more = this.bytes.readUInt32LE(68);
    for (let left = this.bytes.readUInt32LE(72); left > 0 && more < FIRST_SPECIAL; left--) {
      const numbers = numbersIn(this.sector(more));
      more = numbers.pop() ?? FIRST_SPECIAL;
      sectors.push(...numbers);
    }
    return sectors.filter(sector => sector < FIRST_SPECIAL);
  }

  private sector(number: number): Buffer {
    const start = (number + 1) * this.sectorBytes;
    if (start >= this.bytes.length) throw new OleDamage(`it ends before sector ${number}`);
    return this.bytes.subarray(start, start + this.sectorBytes);
  }

  private sectors(start: number): Buffer[] {
    return follow(start, this.next).map(number => this.sector(number));
  }

  private chain(start: number): Buffer {
    return Buffer.concat(this.sectors(start));
  }

  private miniChain(start: number): Buffer {
    const within = this.chain(this.entries[0]?.start ?? FIRST_SPECIAL);
    const next = numbersIn(this.chain(this.bytes.readUInt32LE(60)));
    const sectors = follow(start, next).map(number => number * MINI_SECTOR_BYTES);
    return Buffer.concat(sectors.map(at => within.subarray(at, at + MINI_SECTOR_BYTES)));
  }
}

function follow(start: number, next: readonly number[]): number[] {
  const sectors: number[] = [];
  for (let number = start; number < FIRST_SPECIAL; number = next[number] ?? FIRST_SPECIAL) {
    if (sectors.length > next.length) throw new OleDamage('a chain of its sectors has no end');
    sectors.push(number);
  }
  return sectors;
}

function numbersIn(bytes: Buffer): number[] {
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readUInt32LE(index * 4));
}

function entriesIn(folder: Buffer): Entry[] {
  return Array.from({ length: Math.floor(folder.length / ENTRY_BYTES) }, (_, index) => {
    const entry = folder.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    return {
      name: entry.toString('utf16le', 0, Math.max(0, Math.min(entry.readUInt16LE(64), 64) - 2)),
      links: [entry.readUInt32LE(68), entry.readUInt32LE(72)],
      child: entry.readUInt32LE(76),
      start: entry.readUInt32LE(116),
      sizeBytes: entry.readUInt32LE(120),
    };
  });
}
