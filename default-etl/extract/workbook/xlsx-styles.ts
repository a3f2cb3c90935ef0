import { kindOfBuiltin, kindOfFormat, NUMBER } from './number-format.ts';
import { END, NEEDS_MORE, START, type XmlScanner } from '../markup/xml-scanner.ts';

/** Names that readStyles() wants of its scanner, in this order. */
export const STYLE_NAMES = ['cellXfs', 'xf', 'numFmts', 'numFmt'] as const;
const [CELL_XFS, XF, FORMATS, FORMAT] = [0, 1, 2, 3];

/** Sixteen times what Excel allows. */
const MOST_STYLES = 1 << 20;

/** What the numbers are in cells of each style, by its position: NUMBER, DATE, SPAN. */
export async function readStyles(xml: XmlScanner): Promise<Uint8Array> {
  const kinds: number[] = [];
  const declared = new Map<number, number>();
  // An xf also stands among named styles, a numFmt in conditional formats too, where it may bear the number of another one.
  let inside = -1;
  for (;;) {
    const token = xml.scan();
    if (token === NEEDS_MORE && !(await xml.fill())) break;
    if (token !== START && token !== END) continue;
    if (xml.name === CELL_XFS || xml.name === FORMATS) inside = token === START ? xml.name : -1;
    else if (token === END) continue;
    else if (xml.name === FORMAT && inside === FORMATS)
      declared.set(Number(xml.attribute('numFmtId')), kindOfFormat(xml.attribute('formatCode') ?? ''));
    else if (xml.name === XF && inside === CELL_XFS) kinds.push(Number(xml.attribute('numFmtId') ?? NUMBER));
    if (kinds.length > MOST_STYLES || declared.size > MOST_STYLES)
      throw xml.damaged(`it has more than ${MOST_STYLES} styles, which no workbook has`);
  }
  return Uint8Array.from(kinds, id => declared.get(id) ?? kindOfBuiltin(id));
}
