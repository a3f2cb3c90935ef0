const LF = 10;

export interface Encoding {
  /** As iconv-lite knows it; utf8 needs no conversion. */
  name: string;
  /** The encoding of the lines that are not in it, where UTF-8 and another stand side by side. */
  otherName?: string;
  /** Bytes of the byte order mark. */
  bomBytes: number;
  /** From 0 to 1. */
  confidence: number;
  /** Why, for people. */
  reason: string;
}

/** That of UTF-32 begins with that of UTF-16. */
const MARKS: ReadonlyArray<[string, Buffer]> = [
  ['utf8', Buffer.from([0xef, 0xbb, 0xbf])],
  ['utf-32le', Buffer.from([0xff, 0xfe, 0, 0])],
  ['utf-32be', Buffer.from([0, 0, 0xfe, 0xff])],
  ['utf-16le', Buffer.from([0xff, 0xfe])],
  ['utf-16be', Buffer.from([0xfe, 0xff])],
  ['gb18030', Buffer.from([0x84, 0x31, 0x95, 0x33])],
];

/** Twice where two programs each put one before the text. */
export function byteOrderMark(head: Buffer): Encoding | undefined {
  for (const [name, mark] of MARKS) {
    let bomBytes = 0;
    while (head.subarray(bomBytes, bomBytes + mark.length).equals(mark)) bomBytes += mark.length;
    if (bomBytes > 0) return { name, bomBytes, confidence: 1, reason: 'by its byte order mark' };
  }
  return undefined;
}

const HEAD_OF_WIDE = 1 << 16;
const MOST_OF_UNICODE = 0x10ffff;

/**
 * UTF-16 without a byte order mark: delimiters, digits and line ends have a zero byte beside them, on the same side. Of
 * Chinese text few characters have, so line ends tell; 一 (4E 00) has one on the other side.
 */
export function withoutMark(head: Buffer): Encoding | undefined {
  const looked = Math.min(head.length, HEAD_OF_WIDE) & ~1;
  // Nearly all texts have none: that is told a hundred times as fast.
  if (!head.subarray(0, looked).includes(0)) return undefined;
  const widest = inFourBytes(head);
  if (widest) return widest;
  const found = { le: 0, be: 0, leLines: 0, beLines: 0, narrowLines: 0 };
  for (let at = 0; at < looked; at += 2) {
    const [first, second] = [head[at] as number, head[at + 1] as number];
    if (second === 0 && isPlain(first)) found.le++;
    if (first === 0 && isPlain(second)) found.be++;
    if (first === LF && second === 0) found.leLines++;
    else if (first === 0 && second === LF) found.beLines++;
    else if (first === LF || second === LF) found.narrowLines++;
  }
  const isWide = (count: number, other: number, lines: number, otherLines: number) =>
    count >= 2 && (lines > otherLines ? lines > found.narrowLines / 2 : count > looked / 4 && count > 5 * other);
  const reason = 'letters of one byte have a zero beside them';
  if (isWide(found.le, found.be, found.leLines, found.beLines))
    return { name: 'utf-16le', bomBytes: 0, confidence: 0.95, reason };
  if (isWide(found.be, found.le, found.beLines, found.leLines))
    return { name: 'utf-16be', bomBytes: 0, confidence: 0.95, reason };
  return undefined;
}

/** UTF-32: of four bytes the upper two are zero, on the same side, but for a few characters such as 😀. */
function inFourBytes(head: Buffer): Encoding | undefined {
  const looked = Math.min(head.length, HEAD_OF_WIDE) & ~3;
  const isAll = (codeAt: (at: number) => number) => {
    let beyond = 0;
    for (let at = 0; at < looked; at += 4) {
      const code = codeAt(at);
      if (code === 0 || code > MOST_OF_UNICODE) return false;
      if (code > 0xffff) beyond++;
    }
    // 1 TAB 2 LF in UTF-16 would be nothing but such characters.
    return looked >= 8 && beyond * 4 < looked / 10;
  };
  const reason = 'of four bytes the upper two are zero';
  if (isAll(at => head.readUInt32LE(at))) return { name: 'utf-32le', bomBytes: 0, confidence: 0.95, reason };
  if (isAll(at => head.readUInt32BE(at))) return { name: 'utf-32be', bomBytes: 0, confidence: 0.95, reason };
  return undefined;
}

function isPlain(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === LF || byte === 13;
}
