import { neverFailure } from '../../failure.ts';
import type { ByteStream } from '../../source.ts';
import { ODS_NAMES, OdsSheetScan, TABLE } from './ods-sheet.ts';
import { maxTextOf, type Sheet } from './sheet.ts';
import { NEEDS_MORE, START, XmlScanner } from './xml-scanner.ts';

/** The document of an OpenDocument spreadsheet: `content.xml` in its zip file, or all of an .fods. */
export interface OdsContent {
  /** For messages. */
  label: string;
  path: string;
  sizeBytes: number;
  stream(): Promise<ByteStream>;
  /** That its repeated rows may make. */
  mostCells: number;
}

/** The sheets in their order, hidden ones too. Throws EtlFailure 65 where there is none. */
export async function openOds(content: OdsContent): Promise<Sheet[]> {
  const names = await readNames(content);
  if (names.length === 0) throw neverFailure(`${content.path} has no sheet at all: there is no table in it`);
  return names.map((name, position) => ({
    path: content.path,
    name,
    maxTextBytes: maxTextOf(content.sizeBytes),
    // A row may stand for any number of equal ones.
    maxRows: Infinity,
    open: async () => new OdsSheetScan(await scannerOf(content), position, content.mostCells),
  }));
}

async function scannerOf({ stream, label }: OdsContent): Promise<XmlScanner> {
  return new XmlScanner(await stream(), label, { names: ODS_NAMES, isPrefixFree: false });
}

/** A pass over the whole: the names are where the sheets are. */
async function readNames(content: OdsContent): Promise<string[]> {
  const xml = await scannerOf(content);
  const names: string[] = [];
  try {
    for (;;) {
      const token = xml.scan();
      if (token === NEEDS_MORE && !(await xml.fill())) return names;
      if (token === START && xml.name === TABLE) names.push(xml.attribute('table:name') ?? '');
    }
  } finally {
    xml.close();
  }
}
