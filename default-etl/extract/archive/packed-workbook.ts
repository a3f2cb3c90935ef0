import { neverFailure } from '../../contract/failure.ts';
import type { Decision } from '../../contract/protocol.ts';
import { readHead } from '../../unpack/byte-stream.ts';
import { chooseMembers, filesOf } from './member-choice.ts';
import type { ZipEntry } from './zip.ts';

/** A workbook whose parts are members of an archive. */
export interface PackedWorkbook {
  format: 'xlsx' | 'ods';
  /** What the names of its parts begin with: empty, or a path that ends with `/`. */
  folder: string;
}

interface WorkbookChoice extends PackedWorkbook {
  decisions: Decision[];
}

const HEAD_BYTES = 1024;
const MOST_NAMES = 50;
/**
 * Parts that one of the formats must have, or that only they have; those of texts and slides, too, since their XML is
 * no table either.
 */
const SIGNS =
  /^(.*\/)?(?:\[content_types\]\.xml|_rels\/\.rels|xl\/workbook[^/]*\.(?:xml|bin)|word\/document\.xml|ppt\/presentation\.xml)$/i;
const CONTENT = /^(.*\/)?content\.xml$/i;
/** What stands in such a workbook's own folder; anything may be below these. */
const PARTS = {
  xlsx: /^(\[content_types\]\.xml$|_rels\/|docprops\/|xl\/|word\/|ppt\/|customxml\/)/i,
  ods: /^(mimetype$|(content|styles|meta|settings|layout-cache|manifest)\.(xml|rdf)$|meta-inf\/|configurations2?\/|thumbnails\/|pictures\/|object )/i,
};

/**
 * The workbook that an archive is, though it was zipped with its folder, or without the parts that say what it is;
 * undefined where none of the members that would be read is part of one. Throws EtlFailure 65 where others stand beside
 * it, or there are several.
 */
export async function choosePackedWorkbook(
  path: string,
  entries: readonly ZipEntry[],
  wanted: string | readonly string[] | undefined,
): Promise<WorkbookChoice | undefined> {
  const workbooks = await findWorkbooks(entries);
  if (workbooks.length === 0) return undefined;
  const { chosen, skipped } = chooseMembers(entries, wanted);
  const touched = workbooks.filter(workbook => chosen.some(entry => isPart(entry, workbook)));
  const [workbook] = touched;
  if (workbook === undefined) return undefined;
  const others = chosen.filter(entry => !isPart(entry, workbook));
  if (others.length === 0) return { ...workbook, decisions: decisionsOf(workbook, skipped) };
  throw neverFailure(
    `${path} holds the parts of a workbook (${workbook.folder || './'}) beside ${others[0]?.name}: what its tables are can't be told; ` +
      'zip the workbook itself, or choose the others by EXTRACT.members',
  );
}

async function findWorkbooks(entries: readonly ZipEntry[]): Promise<PackedWorkbook[]> {
  const files = filesOf(entries);
  const found = new Map<string, PackedWorkbook>();
  for (const { name } of files) {
    const sign = SIGNS.exec(name);
    if (sign) found.set(sign[1] ?? '', { format: 'xlsx', folder: sign[1] ?? '' });
  }
  for (const file of files) {
    const content = CONTENT.exec(file.name);
    const folder = content?.[1] ?? '';
    if (content && !found.has(folder) && (await isOds(file, folder, files)))
      found.set(folder, { format: 'ods', folder });
  }
  return [...found.values()];
}

/** By what stands beside `content.xml`, or by how that begins. */
async function isOds(content: ZipEntry, folder: string, files: readonly ZipEntry[]): Promise<boolean> {
  const marks = [`${folder}mimetype`, `${folder}META-INF/manifest.xml`].map(mark => mark.toLowerCase());
  if (files.some(({ name }) => marks.includes(name.toLowerCase()))) return true;
  const head = await readHead(await content.stream(), HEAD_BYTES);
  return head.includes('<office:document-content');
}

function isPart({ name }: ZipEntry, { format, folder }: PackedWorkbook): boolean {
  return name.startsWith(folder) && PARTS[format].test(name.slice(folder.length));
}

function decisionsOf({ folder }: PackedWorkbook, skipped: readonly string[]): Decision[] {
  const reason =
    folder === ''
      ? 'by its parts, though the one that says what it is, is missing'
      : 'its parts are zipped with their folder';
  const decision: Decision = { name: 'workbook', value: folder || './', confidence: 0.95, reason };
  const beside = skipped.filter(name => !name.startsWith(folder)).slice(0, MOST_NAMES);
  if (beside.length === 0) return [decision];
  return [decision, { name: 'members_skipped', value: beside, confidence: 0.9, reason: 'no part of the workbook' }];
}
