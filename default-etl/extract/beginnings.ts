// What the first bytes of a file are, whatever its name.

/** An object with a name, alone or in a list. */
const JSON_START = /^\s*(\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:/;

/** In hexadecimal: a ZIP (xlsx, ods), an OLE 2 file (xls since Excel 5), or the first record of an older xls, a BOF. */
const WORKBOOK_START = /^(504b0304|d0cf11e0|09(00|02|04|08))/;

export function isZip(head: Buffer): boolean {
  return startsWith(head, 'PK\x03\x04') || startsWith(head, 'PK\x05\x06');
}

/** An OLE 2 file: an xls since Excel 5. */
export function isOle(head: Buffer): boolean {
  return startsWith(head, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1');
}

/** `start`: a character a byte. */
export function startsWith(head: Buffer, start: string): boolean {
  return head.toString('latin1', 0, start.length) === start;
}

/**
 * Whether a text of another name is JSON: `ndjson` for lines of objects, two at least under the name of a table, `json`
 * for the beginning of a document.
 */
export function jsonIn(head: Buffer, isTable: boolean): 'json' | 'ndjson' | undefined {
  const text = head.toString('utf8').replace(/^\ufeff/, '');
  if (!JSON_START.test(text)) return undefined;
  const [first = '', second = ''] = text.trimStart().split(/\r\n|\r|\n/);
  if (isObject(first)) return !isTable || isObject(second) ? 'ndjson' : undefined;
  return isTable || /\}.*[^\s,}\]]$/.test(first) ? undefined : 'json';
}

function isObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Whether these can be the first bytes of a workbook: the libraries behind them read whatever they are given as text in rows. */
export function startsWorkbook(head: Buffer): boolean {
  return isMarkup(head) || WORKBOOK_START.test(head.toString('hex', 0, 4));
}

/** NUL bytes, or control characters no text has; UTF-16 says so by its byte order mark. */
export function isBinary(head: Buffer): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return false;
  return head.length === 0 || head.subarray(0, 64).some(byte => byte < 9);
}

/** Whether it begins as XML or HTML does, in an encoding that has their letters as bytes. */
export function isMarkup(head: Buffer): boolean {
  return /^[^\x21-\x7e]*<(\?xml|!doctype|html|table|meta|head|body|div|style)/i.test(head.toString('latin1'));
}

export function isXml(head: Buffer): boolean {
  return /^[^\x21-\x7e]*<\?xml[\s?]/.test(head.toString('latin1'));
}

/** The part of an OpenDocument file that has its sheets. */
export function isOdsContent(head: Buffer): boolean {
  return head.includes('<office:document-content');
}

/** Whether the root is that of a part in a file of Excel, Word or PowerPoint, or of OpenDocument. */
export function isOfficePart(head: Buffer): boolean {
  const [root = ''] = /<[^\s!?][^>]*/.exec(head.toString('latin1')) ?? [];
  return /^<office:document-|xmlns(:\w+)?\s*=\s*["']http:\/\/(schemas\.openxmlformats\.org|purl\.oclc\.org\/ooxml)\//.test(
    root,
  );
}

/** Excel's XML of 2003, or a flat OpenDocument. */
export function isSpreadsheet(head: Buffer): boolean {
  return /progid="Excel\.Sheet"|urn:schemas-microsoft-com:office:spreadsheet|opendocument\.spreadsheet/.test(
    head.toString('latin1'),
  );
}
