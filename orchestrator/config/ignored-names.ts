import { decidingGlob } from './patterns.ts';

/** Names that are never taken: what they are of, and where that is written. */
interface IgnoredNames {
  /** `*` and `?` stand for any characters but `/`; case does not matter. */
  globs: readonly string[];
  /** Of files, or of folders with all that is below them. */
  of: 'files' | 'folders';
  /** In words that go on from "as". */
  what: string;
  source: string;
}

const NEXTCLOUD = 'github.com/nextcloud/desktop, github.com/owncloud/client: sync-exclude.lst';

/**
 * Besides what begins with a dot, which covers `.~lock.*#` (LibreOffice), `._*` (macOS), `.*.swp` (vim),
 * `.Trash-1000/`, `.snapshot/`, `.stversions/` and the like.
 */
export const IGNORED_NAMES: readonly IgnoredNames[] = [
  {
    globs: ['*.tmp', '~*.tmp'],
    of: 'files',
    what: 'temporary files of many programs',
    source: 'microsoft.com: how Word creates temporary files; syncthing.net: temporary files (`~syncthing~*.tmp`)',
  },
  {
    globs: ['*.part', '*.partial', '*.crdownload', '*.opdownload', '*.download'],
    of: 'files',
    what: 'downloads and uploads under way (Firefox, KDE, Edge, rclone, Chrome, Opera, Safari, ownCloud’s `.ocTransferId*.part`)',
    source: `${NEXTCLOUD}; rclone.org/docs: --partial-suffix`,
  },
  {
    globs: ['*.filepart'],
    of: 'files',
    what: 'transfers of WinSCP that are under way',
    source: `winscp.net/eng/docs/resume; ${NEXTCLOUD}`,
  },
  {
    globs: ['*.aria2', '*.!ut', '*.!qb'],
    of: 'files',
    what: 'downloads under way (aria2, µTorrent, qBittorrent)',
    source: 'aria2.github.io/manual: control file; the options of the two programs',
  },
  {
    globs: ['~$*'],
    of: 'files',
    what: 'the owner files that Microsoft Office keeps beside an open document',
    source: `microsoft.com: how Word creates temporary files (owner file); ${NEXTCLOUD}`,
  },
  {
    globs: ['*~', '#*#', '*.swp', '*.swo', '*.swx', '*.kate-swp', '*.sb-????????-??????'],
    of: 'files',
    what: 'files that editors keep beside the one being edited (Emacs, vim, Kate, TextEdit)',
    source: `gnu.org/software/emacs/manual: auto save files, backup names; vimhelp.org: swap-file; ${NEXTCLOUD}`,
  },
  {
    globs: ['thumbs.db', 'ehthumbs.db', 'desktop.ini'],
    of: 'files',
    what: 'files that Windows Explorer leaves in folders',
    source: NEXTCLOUD,
  },
  {
    globs: ['$recycle.bin', 'recycler', 'recycled', 'system volume information'],
    of: 'folders',
    what: 'folders that Windows keeps on each volume, its bin among them',
    source:
      'microsoft.com: the Recycle Bin and its folder on each volume; github.com/owncloud/client: sync-exclude.lst',
  },
  {
    globs: ['#recycle', '#snapshot', '@eadir', '@tmp', '@sharebin'],
    of: 'folders',
    what: 'folders that a Synology NAS keeps in shares: bin, snapshots, indexes',
    source: 'kb.synology.com: recycle bin of a shared folder, snapshots, @eaDir',
  },
  {
    globs: ['@recycle', '@recently-snapshot'],
    of: 'folders',
    what: 'folders that a QNAP NAS keeps in shares: bin and snapshots',
    source: 'docs.qnap.com: network recycle bin, snapshots',
  },
  {
    globs: ['~snapshot'],
    of: 'folders',
    what: 'snapshots of NetApp ONTAP, as Windows clients see them',
    source: 'docs.netapp.com: snapshot directory access (`~snapshot`, `.snapshot`)',
  },
  {
    globs: ['network trash folder', 'temporary items', '*.download'],
    of: 'folders',
    what: 'folders that macOS makes on network volumes, and of Safari while it downloads',
    source: 'netatalk.io; sync tools’ lists of system folders',
  },
  {
    globs: ['lost+found'],
    of: 'folders',
    what: 'the folder that ext file systems put recovered pieces into',
    source: 'man7.org: mklost+found(8)',
  },
];

/** Why a name (of a file, or of a folder) is never taken, in words that go on from the path; null where it may be. */
export type WhyIgnored = (path: string, of: IgnoredNames['of']) => string | null;

/**
 * By the list above and a dataset's IGNORE. A pattern of IGNORE without `/` is held against the name, one with `/`
 * against the whole path from WATCH_DIR; the last that matches decides, and one that begins with `!` takes back what
 * the list and those before it keep out.
 */
export function ignoredBy(ignore: readonly string[] = []): WhyIgnored {
  const own = ignore.map(toOwn);
  return (path, of) => {
    const whole = path.toLowerCase();
    const name = whole.slice(whole.lastIndexOf('/') + 1);
    const deciding = own.findLast(({ glob, isOfPath }) => decidingGlob([glob], isOfPath ? whole : name) !== undefined);
    if (deciding?.glob.startsWith('!')) return null;
    if (deciding !== undefined) return `is left out by IGNORE (${deciding.glob})`;
    const listed = listedAs(name, of);
    return listed === undefined ? null : `is named like ${listed.glob}, as ${listed.what}`;
  };
}

/** `/a` is the path `a`, and `a/` the name of a folder. */
function toOwn(pattern: string): { glob: string; isOfPath: boolean } {
  const glob = pattern.toLowerCase().replace(/\/$/, '');
  return { glob: glob.replace(/^(!?)\//, '$1'), isOfPath: glob.includes('/') };
}

interface Compiled {
  glob: string;
  what: string;
  prefix: string;
  suffix: string;
  hasMore: boolean;
}

/** Each of 200,000 names of a listing is held against them: beginning and end tell nearly always. */
const COMPILED: Record<IgnoredNames['of'], Compiled[]> = { files: compile('files'), folders: compile('folders') };

function compile(of: IgnoredNames['of']): Compiled[] {
  return IGNORED_NAMES.filter(entry => entry.of === of).flatMap(({ globs, what }) =>
    globs.map(glob => {
      const [prefix = '', suffix = ''] = [/^[^*?]*/.exec(glob)?.[0], /[^*?]*$/.exec(glob)?.[0]];
      return { glob, what, prefix, suffix, hasMore: glob !== `${prefix}*${suffix}` };
    }),
  );
}

function listedAs(name: string, of: IgnoredNames['of']): Compiled | undefined {
  return COMPILED[of].find(
    ({ glob, prefix, suffix, hasMore }) =>
      name.endsWith(suffix) &&
      name.startsWith(prefix) &&
      (hasMore ? decidingGlob([glob], name) !== undefined : name.length >= prefix.length + suffix.length),
  );
}
