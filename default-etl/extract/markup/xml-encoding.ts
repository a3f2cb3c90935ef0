import { isAscii } from 'node:buffer';
import { neverFailure } from '../../contract/failure.ts';
import type { ByteStream } from '../../unpack/source.ts';
import { fillUp, lazyStream, readHead, withHead } from '../../unpack/byte-stream.ts';
import { byteOrderMark, type Encoding } from '../byte-order.ts';
import { type EncodedBytes, findEncoding, findUnicode, isKnown, openText } from '../text-encoding.ts';

const PROLOG_BYTES = 512;
const HEAD_BYTES = 1 << 20;
const PROLOG = /^(?:\xef\xbb\xbf)*\s*<\?xml[^>]*?encoding\s*=\s*["']\s*([^"'>\s]+)\s*["']/;
/**
 * Encodings whose characters of two bytes are now and then valid UTF-8 by chance; Chinese, Japanese and Korean have
 * three bytes there.
 */
const ASIAN = /^(gb|big|euc|shift|sjis|x-sjis|windows-?(31j|9\d\d)|cp9\d\d|ms_?kanji|ks|korean|johab|hz)/;
/** Escape sequences in plain ASCII: valid UTF-8, too. */
const IN_ASCII = /^(iso-2022|csiso2022|utf-?7|hz)/;

/**
 * An XML document as UTF-8, without a byte order mark. UTF-8 by its mark, by its first line or by the lack of both is
 * taken as it is: a look at every byte would take as long as reading it. All else is read twice. Opened once something
 * is read of it; `path` is for messages.
 */
export function openXmlText(path: string, open: () => Promise<ByteStream>): ByteStream {
  return lazyStream(async () => {
    const stream = await open();
    const head = Buffer.alloc(PROLOG_BYTES);
    try {
      const used = await fillUp(stream, head);
      const markBytes = plainUtf8(head.subarray(0, used));
      if (markBytes !== undefined) return withHead(head.subarray(markBytes, used), stream);
    } catch (error) {
      stream.close();
      throw error;
    }
    stream.close();
    const source = {
      path,
      head: async (length: number) => await readHead(await open(), length),
      stream: () => lazyStream(open),
    };
    return await openText(source, await findXmlEncoding(source));
  });
}

/** Bytes of its mark, where it is UTF-8 by the looks of its beginning; else undefined. */
function plainUtf8(head: Buffer): number | undefined {
  const mark = byteOrderMark(head);
  if (mark !== undefined) return mark.name === 'utf8' ? mark.bomBytes : undefined;
  return !head.includes(0) && isUnicode(prologEncoding(head) ?? 'utf-8') ? 0 : undefined;
}

/**
 * The encoding of an XML document: what its bytes show, whatever its first line says, since programs save files anew
 * without changing that line; else what the first line says; else by its letters.
 */
export async function findXmlEncoding(source: EncodedBytes): Promise<Encoding> {
  const said = prologEncoding(await source.head(PROLOG_BYTES));
  if (said === undefined) return await findEncoding(source, undefined);
  if (isUnicode(said)) return withContradiction(await findEncoding(source, undefined), said);
  const { encoding } = await findUnicode(source);
  if (encoding && (await isMeant(source, encoding, said))) return withContradiction(encoding, said);
  // No table means the control characters by which ISO-8859-1 differs from Windows-1252: browsers read it so, too.
  const name = /^(iso[-_]?8859[-_]?1|latin-?1|l1)$/.test(said) ? 'windows-1252' : said;
  if (await isKnown(name)) return { ...(await findEncoding(source, name)), reason: 'as its first line says' };
  if (IN_ASCII.test(said))
    throw neverFailure(
      `${source.path}: its first line says that it is in ${said}, which is not read; save it as UTF-8`,
    );
  return withContradiction(await findEncoding(source, undefined), said);
}

function prologEncoding(head: Buffer): string | undefined {
  return PROLOG.exec(head.toString('latin1', 0, PROLOG_BYTES))?.[1]?.toLowerCase();
}

function isUnicode(name: string): boolean {
  return /^(utf-?(8|16|32)|ucs|iso-10646|unicode|us-ascii$|ascii$)/.test(name);
}

/** Whether the Unicode that the bytes show counts, where the first line says another encoding. */
async function isMeant(source: EncodedBytes, encoding: Encoding, said: string): Promise<boolean> {
  if (encoding.name !== 'utf8' || encoding.bomBytes > 0) return true;
  const head = await source.head(HEAD_BYTES);
  return speaksForUtf8(head, said) || (head.length === HEAD_BYTES && isAscii(head) && !IN_ASCII.test(said));
}

/** Whether bytes that are valid UTF-8 are meant so, where another encoding is declared: plain ASCII shows nothing. */
function speaksForUtf8(bytes: Buffer, declared: string): boolean {
  if (IN_ASCII.test(declared)) return false;
  return ASIAN.test(declared) ? bytes.some(byte => byte >= 0xe0) : !isAscii(bytes);
}

/** Tells where the first line says something else than what the text is read as. */
function withContradiction(encoding: Encoding, said: string): Encoding {
  if (isUnicode(said) && encoding.name.startsWith('utf') && encoding.otherName === undefined) return encoding;
  const { confidence, reason } = encoding;
  return {
    ...encoding,
    confidence: Math.min(confidence, 0.95),
    reason: `${reason}, whatever its first line says (${said.slice(0, 40)})`,
  };
}
