import { neverFailure } from '../../contract/failure.ts';
import type { ByteStream } from '../../unpack/source.ts';
import { ODS_NAMES, OdsSheetScan } from './ods-sheet.ts';
import { maxTextOf, type Sheet } from './sheet.ts';
import { NEEDS_MORE, START, XmlScanner } from '../markup/xml-scanner.ts';

/** Read in 50 ms or so. */
const FAR_BYTES = 4 << 20;

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
  const tables = await readTables(content);
  if (tables.length === 0) throw neverFailure(`${content.path} has no sheet at all: there is no table in it`);
  return tables.map(({ name, isHidden }, position) => ({
    path: content.path,
    name,
    isHidden,
    // Sheets stand one behind the other.
    isFar: position > 0 && content.sizeBytes > FAR_BYTES,
    maxTextBytes: maxTextOf(content.sizeBytes),
    // A row may stand for any number of equal ones.
    maxRows: Infinity,
    open: async () => new OdsSheetScan(scannerOf(content, ODS_NAMES), position, content.mostCells),
  }));
}

function scannerOf({ stream, label }: OdsContent, names: readonly string[]): XmlScanner {
  return XmlScanner.open(label, stream, { names, isPrefixFree: false });
}

/** A pass over the whole: the names are where the sheets are, and styles before them say which are hidden. */
async function readTables(content: OdsContent): Promise<Array<{ name: string; isHidden: boolean }>> {
  const xml = scannerOf(content, ['table:table', 'style:style', 'style:table-properties']);
  const tables: Array<{ name: string; isHidden: boolean }> = [];
  const hiding = new Set<string>();
  let style = '';
  try {
    for (;;) {
      const token = xml.scan();
      if (token === NEEDS_MORE && !(await xml.fill())) return tables;
      if (token !== START) continue;
      const isHidden = hiding.has(xml.attribute('table:style-name') ?? '');
      if (xml.name === 0) tables.push({ name: xml.attribute('table:name') ?? '', isHidden });
      else if (xml.name === 1) style = xml.attribute('style:name') ?? '';
      else if (xml.name === 2 && xml.attribute('table:display') === 'false') hiding.add(style);
    }
  } finally {
    xml.close();
  }
}
