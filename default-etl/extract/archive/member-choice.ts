import type { Decision } from '../../contract/protocol.ts';
import { namedFormat } from '../format.ts';
import type { ZipEntry } from './zip.ts';

/** Which members of an archive are tables, in the archive's order. */
export interface MemberChoice {
  chosen: ZipEntry[];
  /** Names of the others, folders and what systems leave behind aside. */
  skipped: string[];
  decisions: Decision[];
}

/** What file managers add without being asked. */
const LEFT_BEHIND = /(^|\/)(__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)/i;
/** Text about a table, in the languages of those who publish them. */
const ABOUT =
  /(^|\/)(read[-_ ]?me|lisez|li[sc]en[cs]e|notice|copying|changelog|leiame|leeme|liesmich|a_lire)[^/]*\.txt$/i;
const ARCHIVE = /\.zip$/i;
const MOST_NAMES = 50;

/** `wanted`: EXTRACT.members. Without it the members whose ending is a table's are taken; what is empty is none, nor a link. */
export function chooseMembers(
  entries: readonly ZipEntry[],
  wanted: string | readonly string[] | undefined,
): MemberChoice {
  const files = filesOf(entries);
  const fits = wanted === undefined ? (isAlone(files) ? () => true : isTable) : matcherOf([wanted].flat());
  const chosen = files.filter(entry => entry.sizeBytes > 0 && !entry.isLink && fits(entry.name));
  const taken = new Set(chosen);
  const skipped = files.filter(entry => !taken.has(entry)).map(entry => entry.name);
  return { chosen, skipped, decisions: decisionsOf(chosen, skipped, wanted !== undefined) };
}

/** Without folders, and what systems leave behind. */
export function filesOf(entries: readonly ZipEntry[]): ZipEntry[] {
  return entries.filter(entry => !entry.isFolder && !LEFT_BEHIND.test(entry.name));
}

function isTable(name: string): boolean {
  return (namedFormat(name) !== undefined || ARCHIVE.test(name)) && !ABOUT.test(name);
}

/** The one file of an archive may have no ending at all: `zip sales.zip -` calls it `-`. */
function isAlone(files: readonly ZipEntry[]): boolean {
  return files.length === 1 && !files[0]?.name.includes('.');
}

/**
 * Globs: `*` and `?` do not cross a `/`, `**` does; case does not matter. Without a `/` a glob is about the name alone,
 * whatever folder it is in.
 */
function matcherOf(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map(glob => ({ pattern: patternOf(glob), isPath: glob.includes('/') }));
  return name => patterns.some(({ pattern, isPath }) => pattern.test(isPath ? name : name.replace(/^.*\//, '')));
}

function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, sign => (sign === '?' ? '[^/]' : sign === '*' ? '[^/]*' : '.*'));
  return new RegExp(`^${source}$`, 'i');
}

function decisionsOf(chosen: readonly ZipEntry[], skipped: readonly string[], isDeclared: boolean): Decision[] {
  const names = chosen.map(entry => entry.name);
  const isDoubtful = !isDeclared && skipped.some(name => namedFormat(name) !== undefined);
  const reason = isDeclared ? 'as EXTRACT.members says' : 'by their endings';
  const decisions: Decision[] = [
    {
      name: 'members',
      value: names.slice(0, MOST_NAMES),
      confidence: isDoubtful ? 0.9 : 1,
      reason: `${reason}; ${names.length} in all`,
    },
  ];
  if (skipped.length === 0) return decisions;
  const why = isDeclared
    ? 'EXTRACT.members leaves them out, or they are empty'
    : 'no table by their names, links, or empty';
  decisions.push({
    name: 'members_skipped',
    value: skipped.slice(0, MOST_NAMES),
    confidence: isDoubtful ? 0.9 : 1,
    reason: why,
  });
  return decisions;
}
