import { type Batch, emptyBatch, type Reader } from '../batch/batch.ts';
import type { Decision } from '../contract/protocol.ts';
import { neverFailure } from '../contract/failure.ts';
import { type Limits, limitsOf, mostCellsOf } from '../contract/limits.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import { RowsWatch } from './table/rows-watch.ts';
import { readRest } from '../unpack/byte-stream.ts';
import type { Encoding } from './byte-order.ts';
import { isMarkup } from './beginnings.ts';
import { findEncoding, openText } from './text-encoding.ts';
import { otherTables } from './workbook/other-sheets.ts';
import type { Sheet } from './workbook/sheet.ts';
import { openTable, type SheetTable } from './workbook/table.ts';
import { assertWhole } from './workbook/assert-whole.ts';
import { ZipParts } from './workbook/zip-parts.ts';

const HEAD_BYTES = 4096;

/**
 * Workbooks, by their content and whatever their name: xlsx, xlsm and ods are read as a stream; xls of any age, xlsb,
 * and the tables in HTML or XML that are called so are read whole. Rows of nothing are skipped, as blank lines of a CSV
 * are; merged cells have their value at the top left; formulas have the value that was saved with them; an error is its
 * text, `#N/A`. `folder`: what the names of its parts in a zip file begin with.
 */
export async function openWorkbook(source: Source, extract: Extract, folder = ''): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it is no workbook; save it again`);
  const all = await openSheets(source, extract, folder);
  const sheets = chosenSheets(source, all, extract.sheet);
  const tables: SheetTable[] = [];
  for (const sheet of sheets) tables.push(await openTable(sheet, extract));
  const decisions = tableDecisions(sheets, tables);
  const isEndKnown = tables.every(table => table.isEndKnown);
  let watch = new RowsWatch('row', decisions, isEndKnown);
  return {
    decisions: [await sheetDecision(sheets, all, extract, tables), ...decisions],
    columnsVary: tables.length > 1,
    maxRows: sheets.reduce((sum, sheet) => sum + sheet.maxRows, 0),
    emptyHeader: () => emptyBatch(tables[0]?.header ?? []),
    findings: () => watch.decisions(),
    batches: () => {
      watch = new RowsWatch('row', decisions, isEndKnown);
      return watch.over(batchesOf(tables));
    },
  };
}

/** The first of several is a guess. */
async function sheetDecision(
  sheets: readonly Sheet[],
  all: readonly Sheet[],
  extract: Extract,
  tables: readonly SheetTable[],
): Promise<Decision> {
  const names = sheets.map(sheet => sheet.name);
  const value = names.length === 1 ? names[0] : names;
  if (extract.sheet !== undefined) return { name: 'sheet', value, confidence: 1, reason: 'as EXTRACT.sheet says' };
  if (all.length === 1) return { name: 'sheet', value, confidence: 1, reason: 'the only one' };
  const others = all.slice(1, 10).map(({ name, isHidden }) => (isHidden ? `${name} (hidden)` : name));
  const reason = `the first of ${all.length}; there is ${others.join(', ')}, too`;
  if (all[0]?.isHidden === true && all.some(({ isHidden }) => !isHidden)) {
    const hidden = 'it is hidden: people see another one first; name the one that is meant by EXTRACT.sheet';
    return { name: 'sheet', value, confidence: 0.2, reason: `${reason}; ${hidden}` };
  }
  if (tables.every(({ header }) => header.length === 0)) {
    const empty = 'it is empty: name the one that has the table by EXTRACT.sheet';
    return { name: 'sheet', value, confidence: 0.2, reason: `${reason}; ${empty}` };
  }
  if (!tables.some(table => table.isPage)) {
    const doubt = await otherTables(all[0] as Sheet, all.slice(1), extract);
    if (doubt) return { name: 'sheet', value, confidence: doubt.confidence, reason: `${reason}; ${doubt.reason}` };
    return { name: 'sheet', value, confidence: 0.7, reason };
  }
  const page = 'it looks like a page of explanations, and the table like one of the others: name that by EXTRACT.sheet';
  return { name: 'sheet', value, confidence: 0.2, reason: `${reason}; ${page}` };
}

/** What was decided about each sheet, named where there are several. */
function tableDecisions(sheets: readonly Sheet[], tables: readonly SheetTable[]): Decision[] {
  if (tables.length === 1) return (tables[0] as SheetTable).decisions;
  return tables.flatMap(({ decisions }, index) =>
    decisions.map(decision => ({ ...decision, reason: `${decision.reason} (sheet ${sheets[index]?.name})` })),
  );
}

async function* batchesOf(tables: readonly SheetTable[]): AsyncGenerator<Batch> {
  let number = 1;
  for (const table of tables) {
    for await (const batch of table.batches(number)) {
      // rule 3: rows are numbered from 1 across sheets
      number += batch.rows + batch.rejects.length;
      yield batch;
    }
  }
}

function chosenSheets(source: Source, sheets: Sheet[], wanted: number | string = 0): Sheet[] {
  if (wanted === 'all') return sheets;
  const sheet = typeof wanted === 'number' ? sheets[wanted] : sheets.find(({ name }) => name === wanted);
  if (sheet !== undefined) return [sheet];
  const names = sheets.map(({ name }) => name).join(', ');
  throw neverFailure(`${source.path} has no sheet ${JSON.stringify(wanted)} (EXTRACT.sheet); it has ${names}`);
}

async function openSheets(source: Source, extract: Extract, folder: string): Promise<Sheet[]> {
  const { encoding } = extract;
  const head = (await source.head(HEAD_BYTES)).toString('latin1');
  const limits = limitsOf(extract);
  const mostCells = mostCellsOf(limits, source.sizeBytes);
  if (head.startsWith('PK')) return await openPacked(source, folder, limits, mostCells);
  if (/<office:document(-content)?[\s>]/.test(head)) {
    const { openOds } = await import('./workbook/ods.ts');
    const { path, sizeBytes } = source;
    return await openOds({ path, sizeBytes, label: path, stream: async () => source.stream(), mostCells });
  }
  const { isHtml, openHtml } = await import('./workbook/html.ts');
  if (isHtml(head)) return await openHtml(source, encoding);
  return await openWhole(
    source,
    isMarkup(Buffer.from(head, 'latin1')) ? await xmlEncoding(source, encoding) : undefined,
  );
}

async function openPacked(source: Source, folder: string, limits: Limits, mostCells: number): Promise<Sheet[]> {
  const parts = await ZipParts.open(source, folder, { anyRatioBytes: limits.unpackedBytes });
  if (parts.has('content.xml')) {
    const { openOds } = await import('./workbook/ods.ts');
    await assertUnprotected(parts);
    return await openOds({
      path: source.path,
      sizeBytes: parts.sizeOf('content.xml'),
      label: `${source.path}: its part content.xml`,
      stream: async () => await parts.stream('content.xml'),
      mostCells,
    });
  }
  const { mainPartOf, openXlsx } = await import('./workbook/xlsx.ts');
  const mainPart = await mainPartOf(parts);
  if (mainPart === undefined || !/workbook[^/]*\.(xml|bin)$/i.test(mainPart)) throw noWorkbook(source, parts);
  if (!mainPart.endsWith('.bin')) return await openXlsx(parts, mainPart);
  if (folder !== '' || !parts.has('[Content_Types].xml')) throw unusualZip(source);
  assertWhole(
    source.path,
    parts.names.reduce((sum, name) => sum + parts.sizeOf(name), 0),
  );
  await parts.assertWhole();
  return await openWhole(source);
}

/** An OpenDocument file with a password is a zip file with none: its parts are encrypted, and its manifest says so. */
async function assertUnprotected(parts: ZipParts): Promise<void> {
  const manifest = 'META-INF/manifest.xml';
  if (!parts.has(manifest)) return;
  const { isEncrypted } = await import('./workbook/ods-manifest.ts');
  if (await parts.read(manifest, ['encryption-data'], isEncrypted))
    throw neverFailure(`${parts.path} is protected with a password; save it without one`);
}

/** What the library that reads an xlsb does not find its way in. */
function unusualZip({ path }: Source): Error {
  return neverFailure(
    `${path} has an xlsb in it that was zipped with its folder or without its [Content_Types].xml; save it again, as xlsb or xlsx`,
  );
}

function noWorkbook(source: Source, { names }: ZipParts): Error {
  const some = names.slice(0, 5).join(', ');
  const all = names.length > 5 ? `${some}… (${names.length} in all)` : some || 'nothing';
  return neverFailure(`${source.path} is a zip file, but no workbook: it holds ${all}`);
}

async function xmlEncoding(source: Source, said: string | undefined): Promise<Encoding> {
  if (said !== undefined) return await findEncoding(source, said);
  const { findXmlEncoding } = await import('./markup/xml-encoding.ts');
  return await findXmlEncoding(source);
}

/** `encoding`: of what is text, which the library takes for UTF-8. */
async function openWhole(source: Source, encoding?: Encoding): Promise<Sheet[]> {
  assertWhole(source.path, source.sizeBytes);
  const { openLegacy } = await import('./workbook/legacy.ts');
  const bytes = encoding ? await readRest(await openText(source, encoding)) : await source.readAll();
  return openLegacy(source.path, bytes);
}
