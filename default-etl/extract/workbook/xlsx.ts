import { neverFailure } from '../../contract/failure.ts';
import { maxTextOf, type Sheet } from './sheet.ts';
import { NEEDS_MORE, START, type XmlScanner } from '../markup/xml-scanner.ts';
import { readRelations, type Relation } from './xlsx-relations.ts';
import { SHEET_NAMES, type XlsxContext, XlsxSheetScan } from './xlsx-sheet.ts';
import { readStrings, SharedStrings, STRING_NAMES } from './xlsx-strings.ts';
import { readStyles, STYLE_NAMES } from './xlsx-styles.ts';
import type { ZipParts } from './zip-parts.ts';

/** `<row><c><v>1</v></c></row>`: the shortest row that has something in it. */
const MIN_ROW_BYTES = 26;

interface NamedSheet {
  name: string;
  relation: string;
  isHidden: boolean;
}

/** Name of the part that the file begins with: `xl/workbook.xml`, or another one where it says so. */
export async function mainPartOf(parts: ZipParts): Promise<string | undefined> {
  const relations = await readRelations(parts, '');
  const named = relations.find(relation => relation.type === 'officeDocument')?.target;
  if (named !== undefined && parts.has(named)) return named;
  return parts.names.find(name => /(^|\/)workbook\.(xml|bin)$/i.test(name));
}

/** The sheets of cells in their order, hidden ones too; not those of charts. Throws EtlFailure 65 where there is none. */
export async function openXlsx(parts: ZipParts, mainPart: string): Promise<Sheet[]> {
  const relations = await readRelations(parts, mainPart);
  const { sheets, usesDatesOf1904 } = await parts.read(mainPart, ['sheet', 'workbookPr'], readWorkbook);
  const related = new Map(relations.map(relation => [relation.id, relation]));
  const ofCells = sheets.filter(({ relation }) => relation !== '' && isOfCells(related.get(relation)));
  if (ofCells.length === 0) throw withoutSheets(parts.path, sheets);
  const context = onceOnly(async () => await readContext(parts, relations, usesDatesOf1904));
  return ofCells.map(sheet => sheetOf(parts, sheet, related.get(sheet.relation)?.target, context));
}

async function readWorkbook(xml: XmlScanner): Promise<{ sheets: NamedSheet[]; usesDatesOf1904: boolean }> {
  const sheets: NamedSheet[] = [];
  let usesDatesOf1904 = false;
  for (;;) {
    const token = xml.scan();
    if (token === NEEDS_MORE && !(await xml.fill())) return { sheets, usesDatesOf1904 };
    if (token !== START) continue;
    if (xml.name === 0)
      sheets.push({
        name: xml.attribute('name') ?? '',
        relation: xml.attribute('id') ?? '',
        isHidden: /hidden/i.test(xml.attribute('state') ?? ''),
      });
    else if (xml.name === 1) usesDatesOf1904 = /^(1|true|on)$/i.test(xml.attribute('date1904') ?? '');
  }
}

/** One whose part is missing counts: that is to be said. One that names none, an old module of Basic, does not. */
function isOfCells(relation: Relation | undefined): boolean {
  return relation === undefined || relation.type === 'worksheet';
}

function withoutSheets(path: string, sheets: readonly NamedSheet[]): Error {
  const names = sheets.map(sheet => sheet.name).join(', ');
  const reason =
    sheets.length === 0 ? 'has no sheet at all' : `has no sheet of cells, only charts or macros (${names})`;
  return neverFailure(`${path} ${reason}: there is no table in it`);
}

function sheetOf(
  parts: ZipParts,
  { name, isHidden }: NamedSheet,
  part: string | undefined,
  context: () => Promise<XlsxContext>,
): Sheet {
  const sizeBytes = parts.sizeOf(part ?? '');
  return {
    path: parts.path,
    name,
    isHidden,
    maxRows: Math.ceil(sizeBytes / MIN_ROW_BYTES),
    maxTextBytes: maxTextOf(sizeBytes),
    open: async () => {
      const shared = await context();
      const xml = parts.scan(part ?? `of sheet ${name}`, { names: SHEET_NAMES, isPrefixFree: true });
      return new XlsxSheetScan(xml, shared);
    },
  };
}

async function readContext(
  parts: ZipParts,
  relations: readonly Relation[],
  usesDatesOf1904: boolean,
): Promise<XlsxContext> {
  const styles = partOf(parts, relations, 'styles');
  const strings = partOf(parts, relations, 'sharedStrings');
  return {
    usesDatesOf1904,
    kinds: styles === undefined ? new Uint8Array(0) : await parts.read(styles, STYLE_NAMES, readStyles),
    strings:
      strings === undefined
        ? new SharedStrings(0)
        : await parts.read(strings, STRING_NAMES, async xml => await readStrings(xml, parts.sizeOf(strings))),
  };
}

/** undefined where the file has no such part: cells that refer to it are then said to be at fault. */
function partOf(parts: ZipParts, relations: readonly Relation[], type: string): string | undefined {
  const target = relations.find(relation => relation.type === type)?.target;
  return target !== undefined && parts.has(target) ? target : undefined;
}

function onceOnly<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
