import { basename, join, relative } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { ignoredBy, type WhyIgnored } from '../config/ignored-names.ts';
import type { KeptFolder } from '../config/kept-folders.ts';
import { isWithin } from '../files/within.ts';

/** What the orchestrator itself leaves beside files. */
const OWN_FILES = ['.receipt.json', '.error.json'];

/** Files that lie deeper are never taken: each folder on the way is held open while those below it are walked. */
export const MOST_FOLDERS = 64;
/** Below PATH_MAX (4096) with room for WATCH_DIR, and for the names that a file gets on its way. */
const LONGEST_PATH_BYTES = 3000;

const TOO_LONG =
  'is not held against WATCH_REGEX, which is too large for so long a path; make the expression simpler, or the path shorter';

/** What names alone decide. Paths are relative to WATCH_DIR, with `/`; '' is WATCH_DIR itself. */
export interface NameRules {
  /** Why the file is never taken, to be read after `<path> `, or null. */
  refuseFile(path: string): string | null;
  /** Why nothing below the folder is ever taken, or null. */
  refuseFolder(path: string): string | null;
  /** The file whose READY_MARKER this path would be, or null. */
  markedFile(path: string): string | null;
}

/** `kept`: the folders (DATA_DIR, backups, quarantine) that are never watched, as they are at the moment. */
export function nameRules(dataset: Dataset, kept: () => readonly KeptFolder[]): NameRules {
  const { READY_MARKER: marker, RECURSIVE: recursive, IGNORE: ignore } = dataset.settings;
  const whyIgnored = ignoredBy(ignore);
  // Files of one folder are asked for one after the other.
  let last = { folder: '', why: null as string | null };

  function whyFolder(folder: string): string | null {
    if (folder !== last.folder) last = { folder, why: whyFolderIgnored(folder, whyIgnored) };
    return last.why;
  }

  function refuseFolder(path: string): string | null {
    if (isTooDeep(path))
      return `lies more than ${MOST_FOLDERS} folders deep, or its path is longer than ${LONGEST_PATH_BYTES} bytes`;
    if (path !== '' && !recursive) return 'is in a folder below WATCH_DIR, and RECURSIVE is false';
    if (isHidden(path)) return 'is hidden: its name, or that of a folder above it, begins with a dot';
    const ignored = whyFolder(path);
    if (ignored !== null) return ignored;
    // rule 8: our own folders are never watched
    const folder = kept().find(each => isWithin(join(dataset.watchDir, path), each.path));
    return folder === undefined ? null : whyKept(folder);
  }

  return {
    refuseFolder,
    refuseFile(path) {
      if (isTooDeep(path)) return refuseFolder(path);
      const folder = folderOf(path);
      const ofFolder = refuseFolder(folder);
      if (ofFolder !== null) return ofFolder;
      const ofName = refuseName(path, marker) ?? whyIgnored(path, 'files');
      if (ofName !== null) return ofName;
      const match = dataset.matches(path);
      if (match === 'too-long') return TOO_LONG;
      return match ? null : `is not matched by WATCH_REGEX ${dataset.settings.WATCH_REGEX}`.trimEnd();
    },
    markedFile(path) {
      return marker !== undefined && path.endsWith(marker) && path !== marker ? path.slice(0, -marker.length) : null;
    },
  };
}

function whyKept({ path, is }: KeptFolder): string {
  return `is in ${path}, which the orchestrator keeps for itself: it is ${is}`;
}

/** Whether names let a dataset take the file at this absolute path. */
export function takesPath(dataset: Dataset, path: string, kept: readonly KeptFolder[]): boolean {
  if (!isWithin(path, dataset.watchDir)) return false;
  // rule 8: a dataset that would never take the file is not waited for
  return nameRules(dataset, () => kept).refuseFile(relative(dataset.watchDir, path)) === null;
}

/** Whether a path is not even looked at. */
export function isTooDeep(path: string): boolean {
  let slashes = 0;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) slashes += 1;
  return (
    slashes > MOST_FOLDERS || (path.length > LONGEST_PATH_BYTES / 4 && Buffer.byteLength(path) > LONGEST_PATH_BYTES)
  );
}

function refuseName(path: string, marker: string | undefined): string | null {
  const name = basename(path).toLowerCase();
  if (name.startsWith('.')) return 'is hidden: its name begins with a dot';
  const own = OWN_FILES.find(ending => name.endsWith(ending));
  if (own !== undefined) return `ends with ${own}, as the orchestrator’s own files do`;
  if (marker !== undefined && path.endsWith(marker))
    return `ends with ${marker}: it is a READY_MARKER, not a file to take`;
  return null;
}

/** Of the folder or one above it. */
function whyFolderIgnored(path: string, whyIgnored: WhyIgnored): string | null {
  for (let at = path; at !== ''; at = folderOf(at)) {
    const why = whyIgnored(at, 'folders');
    if (why !== null) return at === path ? why : `is in ${at}, which ${why}`;
  }
  return null;
}

/** The folder of a relative path, '' for WATCH_DIR itself. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function isHidden(path: string): boolean {
  return path.split('/').some(name => name.startsWith('.'));
}
