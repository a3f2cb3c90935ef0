import type { OpenFile } from '../files/open-file.ts';
import { basename, dirname, join } from 'node:path';
import { BOUNDS, WORK_FILES } from '../../default-etl/contract/contract.ts';
import { LIMITS } from '../limits.ts';
import { Folder } from '../files/folder.ts';
import { unless } from '../files/unless.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';

/** Where a run's rejects lie. */
export interface RejectsFiles {
  /** NDJSON of `Reject`s, to be read from its beginning and closed. Throws ENOENT where it is gone. */
  open(): Promise<OpenFile>;
  /** How their raw text is read, absolute; not there where another program left the rejects. */
  table: string;
}

/** How much of rejects, and of what was mended of them, is ever read. */
export const REJECTS_BOUNDS = { lineBytes: BOUNDS.rejectLineBytes, fileBytes: BOUNDS.rejectsBytes } as const;
export const MENDED_BOUNDS = { lineBytes: LIMITS.mendedLineBytes, fileBytes: LIMITS.mendedBytes } as const;

const OTHERS_WRITE = 0o022n;

/**
 * Those of a run's attempt, or of the last one that left any; null where there are none. Files count only where they
 * are ours, in a folder that is ours alone: that of an attempt which goes on is its own.
 */
export async function findRejects(
  dataDir: string,
  run: { id: string; attempt: number },
  only?: number,
): Promise<RejectsFiles | null> {
  if (only !== undefined && !(only >= 1 && only <= run.attempt)) return null;
  for (let attempt = only ?? run.attempt; attempt >= (only ?? 1); attempt -= 1) {
    const open = () => openKept(dataDir, run.id, attempt);
    const file = await open().catch(unlessMissing);
    if (file === undefined) continue;
    await file.close();
    return { open, table: join(dataDir, 'runs', run.id, String(attempt), WORK_FILES.table) };
  }
  return null;
}

/** Mended rows of a run are kept for as long as it is. To be closed. */
export async function mendedFolder(dataDir: string, runId: string): Promise<Folder> {
  return Folder.use(dataDir, data => data.makeFolder(`mended/${runId}`));
}

/**
 * The mended rows that the journal names; to be closed. Where DATA_DIR was before does not matter. Throws ENOENT where
 * they are gone.
 */
export function openMended(dataDir: string, mendFile: string): Promise<OpenFile> {
  const name = `mended/${basename(dirname(mendFile))}/${basename(mendFile)}`;
  return Folder.useNow(dataDir, data => data.openFile(name, { onlyName: true }));
}

/** Passes over what isn't there, or must not be read. */
export function unlessMissing(error: unknown): undefined {
  if (error instanceof UntrustedFile) return undefined;
  return unless('ENOENT', 'ENOTDIR')(error);
}

function openKept(dataDir: string, runId: string, attempt: number): Promise<OpenFile> {
  return Folder.useNow(dataDir, data =>
    data.within(`runs/${runId}`, async run => {
      // Whoever made it is the orchestrator, whoever we are.
      const { uid } = await run.stat();
      return run.within(String(attempt), async folder => {
        const stats = await folder.stat();
        const isOurs = stats.uid === uid && (stats.mode & OTHERS_WRITE) === 0n;
        if (!isOurs) throw new UntrustedFile(folder.path, 'owner');
        return folder.openFile(WORK_FILES.rejects, { owners: [Number(uid)], onlyName: true });
      });
    }),
  );
}
