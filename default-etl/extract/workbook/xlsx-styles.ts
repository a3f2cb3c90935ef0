import { kindOfBuiltin, kindOfFormat, NUMBER } from './number-format.ts';
import { END, NEEDS_MORE, START, type XmlScanner } from './xml-scanner.ts';

/** Names that readStyles() wants of its scanner, in this order. */
export const STYLE_NAMES = ['cellXfs', 'xf', 'numFmt'] as const;
const [CELL_XFS, XF, NUM_FMT] = [0, 1, 2];

/** What the numbers are in cells of each style, by its position: NUMBER, DATE, SPAN. */
export async function readStyles(xml: XmlScanner): Promise<Uint8Array> {
  const kinds: number[] = [];
  const declared = new Map<number, number>();
  let isInside = false;
  for (;;) {
    const token = xml.scan();
    if (token === NEEDS_MORE && !(await xml.fill())) break;
    if (token === END && xml.name === CELL_XFS) isInside = false;
    if (token !== START) continue;
    if (xml.name === CELL_XFS) isInside = true;
    else if (xml.name === NUM_FMT)
      declared.set(Number(xml.attribute('numFmtId')), kindOfFormat(xml.attribute('formatCode') ?? ''));
    else if (xml.name === XF && isInside) kinds.push(Number(xml.attribute('numFmtId') ?? NUMBER));
  }
  return Uint8Array.from(kinds, id => declared.get(id) ?? kindOfBuiltin(id));
}
