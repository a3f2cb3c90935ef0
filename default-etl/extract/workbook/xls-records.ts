import { isOle, OleDamage, OleFile } from './ole-stream.ts';

/** Types of records ([MS-XLS] 2.3.2). */
const EOF = 0x0a;
const PASSWORD = 0x2f;
const SHEET = 0x85;
const IS_BEGINNING: ReadonlySet<number> = new Set([0x09, 0x0209, 0x0409, 0x0809]);
/** Crystal Reports writes one of nothing or two; a part of a disk that was lost is hundreds. */
const MOST_BLANK = 16;

/**
 * What is damaged in an xls, undefined where nothing is: the library reads as far as it understands, says nothing of
 * what it leaves out, and may never come back from a chain of sectors that goes in a circle. Sees only that records
 * follow each other to the end of each sheet, not what is in them.
 */
export function damageOf(bytes: Buffer): string | undefined {
  try {
    const stream = isOle(bytes) ? new OleFile(bytes).stream(['workbook', 'book']) : bytes;
    return stream === undefined ? undefined : damageOfRecords(stream);
  } catch (error) {
    if (error instanceof OleDamage) return error.message;
    if (error instanceof RangeError) return 'it ends in the middle';
    throw error;
  }
}

function damageOfRecords(stream: Buffer): string | undefined {
  const first = stream.readUInt16LE(0);
  if (!IS_BEGINNING.has(first)) return undefined;
  const sheets: number[] = [];
  let isReadable = true;
  const isWhole = walk(stream, 0, (type, at) => {
    if (type === PASSWORD) isReadable = false;
    // Those of cells: others may lack what they are said to have.
    if (type === SHEET && stream[at + 5] === 0) sheets.push(stream.readUInt32LE(at));
  });
  if (!isReadable) return undefined;
  if (!isWhole) return 'its records end in the middle';
  const cut = sheets.findIndex(at => !walk(stream, at, () => {}));
  return cut < 0 ? undefined : `its sheet ${cut + 1} ends in the middle`;
}

/**
 * Whether records follow each other from there to the end of what begins there. `visit` gets the type of each and where
 * its content is.
 */
function walk(stream: Buffer, start: number, visit: (type: number, at: number) => void): boolean {
  let depth = 0;
  let blank = 0;
  for (let at = start; at + 4 <= stream.length; ) {
    const type = stream.readUInt16LE(at);
    const length = stream.readUInt16LE(at + 2);
    if (at === start && !IS_BEGINNING.has(type)) return false;
    blank = type === 0 && length === 0 ? blank + 1 : 0;
    if (blank > MOST_BLANK) return false;
    if (IS_BEGINNING.has(type)) depth++;
    else if (type === EOF) depth--;
    if (depth === 0) return true;
    visit(type, at + 4);
    at += 4 + length;
  }
  return false;
}
