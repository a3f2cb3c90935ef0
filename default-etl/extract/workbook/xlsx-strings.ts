import { ByteText } from './byte-text.ts';
import { END, NEEDS_MORE, START, TEXT, type XmlScanner } from '../markup/xml-scanner.ts';

/** Names that readStrings() wants of its scanner, in this order. */
export const STRING_NAMES = ['si', 't', 'rPh'] as const;
const [STRING, PLAIN_TEXT, PHONETIC] = [0, 1, 2];

/** They are in memory, all of them: more is for a format that is read as a stream. */
const MAX_BYTES = 2 ** 29;

/**
 * The strings that a workbook keeps in one place: string n is bytes[ends[n - 1], ends[n]). Ten million of them are two
 * objects.
 */
export class SharedStrings {
  readonly bytes: Buffer;
  count = 0;
  private ends = new Uint32Array(1024);
  private used = 0;

  /** Room for that many bytes: only those that are written take memory. */
  constructor(sizeBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.min(sizeBytes, MAX_BYTES));
  }

  startOf(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] as number);
  }

  endOf(index: number): number {
    return this.ends[index] as number;
  }

  /** Returns false where there is no room for it. */
  add(text: ByteText): boolean {
    if (this.used + text.length > this.bytes.length) return false;
    text.bytes.copy(this.bytes, this.used, 0, text.length);
    this.used += text.length;
    if (this.count === this.ends.length) this.lengthen();
    this.ends[this.count++] = this.used;
    return true;
  }

  private lengthen(): void {
    const ends = new Uint32Array(this.ends.length * 2);
    ends.set(this.ends);
    this.ends = ends;
  }
}

/** Rich text is its text; how it is pronounced is left out. `sizeBytes` is that of the XML, which is longer than its text. */
export async function readStrings(xml: XmlScanner, sizeBytes: number): Promise<SharedStrings> {
  const strings = new SharedStrings(sizeBytes);
  const text = new ByteText();
  let isText = false;
  let isPhonetic = false;
  for (;;) {
    const token = xml.scan();
    if (token === NEEDS_MORE) {
      if (!(await xml.fill())) return strings;
    } else if (token === TEXT) {
      if (isText) text.add(xml);
    } else if (xml.name === PLAIN_TEXT) isText = token === START && !isPhonetic;
    else if (xml.name === PHONETIC) isPhonetic = token === START;
    else if (xml.name === STRING) {
      if (token === END) addString(strings, text, xml);
      text.clear();
    }
  }
}

function addString(strings: SharedStrings, text: ByteText, xml: XmlScanner): void {
  text.unescape();
  if (!strings.add(text))
    throw xml.tooLarge(`its strings have more than ${strings.bytes.length} bytes, and all are needed at once`);
}
