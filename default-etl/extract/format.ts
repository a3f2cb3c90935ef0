import { configFailure } from '../contract/failure.ts';
import type { Extract } from '../contract/settings.ts';
import { isBinary, isMarkup } from './beginnings.ts';
import { type Format, FORMATS } from './registry.ts';

const PACKED = /\.(gz|gzip|zst|zstd|zip)$/i;

/** What EXTRACT.format says, undefined where it is left out. Throws EtlFailure 78 for what there is not. */
export function declaredFormat({ format: said }: Extract, formats = FORMATS): Format | undefined {
  if (said === undefined) return undefined;
  const format = formatOfEnding(said, formats);
  if (format) return format;
  const words = formats.flatMap(({ endings, otherEndings = [] }) => [...endings, ...otherEndings]);
  throw configFailure(`EXTRACT.format ${said} is not known; there is: ${words.join(', ')}`);
}

/** The format that the name's ending says; a packing's own ending is passed over. */
export function namedFormat(fileName: string, formats = FORMATS): Format | undefined {
  return formatOfEnding(/\.([^.]+?)(\.(gz|gzip|zst|zstd|zip))*$/i.exec(fileName)?.[1] ?? '', formats);
}

function formatOfEnding(ending: string, formats: readonly Format[]): Format | undefined {
  const wanted = ending.toLowerCase();
  return formats.find(({ endings, otherEndings }) => endings.includes(wanted) || otherEndings?.includes(wanted));
}

/**
 * The format of content that is no archive: by its first bytes where they are unmistakable, else by its name, else
 * delimited text.
 */
export function formatOf(fileName: string, head: Buffer, formats = FORMATS): Format {
  const delimited = formats[0] as Format;
  const named = namedFormat(fileName, formats);
  const claiming = formats.find(format => format.claims?.(head, named));
  if (claiming !== undefined) return claiming;
  // Text in the name of a binary format: a table of HTML or XML is a workbook all the same, anything else is delimited text.
  const isText = !isBinary(head) && !isMarkup(head);
  if (isText && (named?.content === 'workbook' || named?.content === 'binary')) return delimited;
  return named ?? delimited;
}

/** Whether the name says that it is packed, where these are the first bytes neither of that nor of anything that is known. */
export function isDamagedPacking(fileName: string, head: Buffer, formats = FORMATS): boolean {
  const claimed = formats.some(format => format.claims?.(head, undefined));
  return PACKED.test(fileName) && head.length > 0 && isBinary(head) && !claimed;
}
