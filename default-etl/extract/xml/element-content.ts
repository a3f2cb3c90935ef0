import { RecordError } from '../record-run.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { INCOMPLETE, localName, markupAt, markupEnd, StartTag, textEnd } from '../markup/tags.ts';
import { decodeAttribute, decodeCdata, decodeText } from '../markup/references.ts';

/** What an element is as JSON: its text, or an object where it has elements or attributes in it; null where it is empty. */
export type XmlValue = string | null | { [name: string]: XmlValue | XmlValue[] };

const MAX_DEPTH = 1000;
/** Within one record: each takes a hundred bytes of memory and more. */
export const MOST_ELEMENTS = 1_000_000;

export function tooManyElements(): RecordError {
  return new RecordError(`it has more than ${MOST_ELEMENTS} elements that are repeated or nested`);
}

/**
 * Used by openElement() alone, from its beginning to its end: a new one for each element would take longer than all the
 * rest of it.
 */
const TAG = new StartTag();

/** An element that is being read. */
interface Open {
  name: string;
  isNil: boolean;
  text: string;
  members: Map<string, XmlValue[]>;
}

/**
 * Reads the content of the element whose start tag ends at `from`, and its end tag. Attributes of the elements in it
 * are members with `@` in front, repeated elements a list, text beside elements the member `#text`. Returns undefined
 * where it is not complete. Throws SyntaxFault, and RecordError for what is nested more than a thousand deep.
 */
export function readContent(
  bytes: Buffer,
  name: string,
  from: number,
  to: number,
): { value: XmlValue; end: number } | undefined {
  const stack: Open[] = [newOpen(name)];
  let elements = 0;
  for (let at = from; ; ) {
    const top = stack.at(-1) as Open;
    const less = textEnd(bytes, at, to);
    if (less === to) return undefined;
    top.text += decodeText(bytes, at, less);
    const markup = markupAt(bytes, less, to);
    const end = markup === INCOMPLETE ? INCOMPLETE : markupEnd(bytes, less, to);
    if (end === INCOMPLETE) return undefined;
    if (markup === 'cdata') top.text += decodeCdata(bytes, less + 9, end - 3);
    else if (markup === 'start') {
      if (++elements > MOST_ELEMENTS) throw tooManyElements();
      openElement(bytes, less, end, stack);
    } else if (markup === 'end') {
      assertCloses(bytes, less, end, top.name);
      stack.pop();
      const parent = stack.at(-1);
      if (parent === undefined) return { value: valueOf(top), end };
      addMember(parent, localName(top.name), valueOf(top));
    }
    at = end;
  }
}

/** Throws SyntaxFault where the end tag bytes[from, end) is not that of the element of this name. */
export function assertCloses(bytes: Buffer, from: number, end: number, name: string): void {
  const closed = bytes.toString('utf8', from + 2, end - 1).trimEnd();
  if (closed !== name) throw new SyntaxFault(`</${closed.slice(0, 60)}> does not close <${name}>`, from);
}

function newOpen(name: string): Open {
  return { name, isNil: false, text: '', members: new Map() };
}

function openElement(bytes: Buffer, from: number, to: number, stack: Open[]): void {
  if (!TAG.read(bytes, from, to)) return;
  if (stack.length >= MAX_DEPTH) throw new RecordError(`its elements are nested more than ${MAX_DEPTH} deep`);
  const element = newOpen(bytes.toString('utf8', from + 1, TAG.nameTo));
  for (let index = 0; index < TAG.attributeCount * 4; index += 4) {
    const name = bytes.toString('utf8', TAG.attributes[index], TAG.attributes[index + 1]);
    const value = decodeAttribute(bytes, TAG.attributes[index + 2] as number, TAG.attributes[index + 3] as number);
    if (isNil(name, value)) element.isNil = true;
    if (!isOfXml(name)) addMember(element, `@${localName(name)}`, value);
  }
  if (TAG.isEmpty) addMember(stack.at(-1) as Open, localName(element.name), valueOf(element));
  else stack.push(element);
}

/** Attributes that are about the document and not of the data: declared namespaces, types and places of schemas, white space. */
export function isOfXml(name: string): boolean {
  return name === 'xmlns' || name === 'xml:space' || name.startsWith('xmlns:') || name.startsWith('xsi:');
}

/** xsi:nil, whatever its prefix. */
export function isNil(name: string, value: string): boolean {
  return name.endsWith(':nil') && (value === 'true' || value === '1');
}

function addMember(element: Open, name: string, value: XmlValue): void {
  const values = element.members.get(name);
  if (values) values.push(value);
  else element.members.set(name, [value]);
}

function valueOf({ text, isNil: isNull, members }: Open): XmlValue {
  const trimmed = trim(text);
  if (isNull) return null;
  if (members.size === 0) return trimmed || null;
  if (trimmed !== '') members.set('#text', [trimmed]);
  return Object.fromEntries(
    [...members].map(([name, values]) => [name, values.length === 1 ? (values[0] as XmlValue) : values]),
  );
}

/** Without the white space of XML at both ends; a no-break space stays. */
function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}
