import { basename, extname, join } from 'node:path';
import { TARGETS, WORK_FILES } from '../../default-etl/contract/contract.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import { adopt } from '../files/adopt.ts';
import { Folder } from '../files/folder.ts';
import { removeTree } from '../files/tree.ts';
import { unless } from '../files/unless.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import type { Rows, Run } from '../journal/journal.ts';
import type { CommitRequest, TargetStore } from './store.ts';

const PARQUET_MAGIC = 'PAR1';
/** Both of these, and the length of what stands before the last one. */
const SMALLEST_PARQUET = 12;

/** One Parquet file for each FILE_KEY, in DATA_DIR/lake/<dataset>/. */
export const lakeStore: TargetStore = {
  async commit(request) {
    const { dataDir, run } = request;
    const data = await Folder.open(dataDir);
    try {
      const folder = await data.makeFolder(`lake/${run.dataset}`);
      try {
        await commitTo(folder, request);
      } finally {
        await folder.close();
      }
    } finally {
      await data.close();
    }
  },
  async takeOver(dataDir, warn) {
    await eachIn(join(dataDir, 'lake'), (_, dataset) =>
      eachIn(join(dataDir, 'lake', dataset), (folder, name) => takeOverFile(folder, name, warn)),
    );
  },
  async remove(dataDir, dataset) {
    return await Folder.use(dataDir, async data => {
      if ((await data.look(`lake/${dataset}`)) === undefined) return false;
      await removeTree(data, `lake/${dataset}`);
      return true;
    });
  },
};

/** Each name in a folder, if it is one. */
async function eachIn(path: string, act: (folder: Folder, name: string) => Promise<void>): Promise<void> {
  const folder = await Folder.open(path).catch(unless('ENOENT', 'ENOTDIR'));
  try {
    const names: string[] = [];
    if (folder) for await (const { name } of await folder.entries()) names.push(name);
    for (const name of names) await act(folder as Folder, name);
  } finally {
    await folder?.close();
  }
}

async function takeOverFile(folder: Folder, name: string, warn: (text: string) => void): Promise<void> {
  try {
    await adopt(folder, name, { onlyName: true, mostBytes: Infinity, larger: 'refuse' });
  } catch (error) {
    if (!(error instanceof UntrustedFile)) throw error;
    warn(messageOf(error));
  }
}

async function commitTo(folder: Folder, request: CommitRequest): Promise<void> {
  const { run, ledger, rows } = request;
  const key = run.fileKey as string;
  const name = lakeName(run, key);
  const placed = await place(folder, name, request);
  if (!placed && rows.loaded > 0 && request.mustLeaveFile) throw noFile(rows);
  // Mended rows stand beside those that were loaded before; where none was, and none is, a former version stays.
  if (!ledger.replacesFormer || (run.action === 'mend' && rows.loaded === 0)) return;
  const index = TARGETS.lake!.traits.destination({}, run.dataset, 0);
  const replaced = ledger.replaces.filter(old => old.index === index && old.FILE_KEY !== key);
  for (const old of replaced) await removeKey(folder, old.FILE_KEY, null);
  await removeKey(folder, key, placed ? name : null);
}

const MOST_NAME = 100;

/**
 * `<name of the file>.<key>.parquet`, such as `january.csv.5TQbdCFpJ0mXwJDqV0AVSA.parquet`; of mended rows their own
 * behind the key: records that are loaded once more, by a replay of their mend, take their own place. Letters have no
 * accents, lest anything that reads the folder stumble over them.
 */
function lakeName({ file, mendFile }: Run, key: string): string {
  const plain = basename(file).normalize('NFKD').replaceAll(/\p{M}/gu, '');
  const readable = plain
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '')
    .slice(0, MOST_NAME);
  const mended = mendFile === null ? '' : `.${basename(mendFile, extname(mendFile))}`;
  return `${readable === '' ? '' : `${readable}.`}${key}${mended}.parquet`;
}

/** Read from its end, where the key stands: what is before it is whatever an uploader called his file. */
const NAME = /(?:^|\.)(?<key>[^.]+)(?:\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?\.parquet$/;

/** The key of a file of the lake; undefined where it is none. */
export function keyOfLakeFile(name: string): string | undefined {
  return NAME.exec(name)?.groups?.['key'];
}

/** The former version's file has mostly the same name, and goes by being replaced. */
async function removeKey(folder: Folder, key: string, keep: string | null): Promise<void> {
  for await (const { name } of await folder.entries()) {
    if (keyOfLakeFile(name) === key && name !== keep) await folder.unlink(name);
  }
}

async function place(lake: Folder, name: string, { left, mostBytes }: CommitRequest): Promise<boolean> {
  if (left === undefined) return false;
  const adoption = { ...left.demands, mostBytes, larger: 'refuse' as const, isSynced: true };
  const adopted = await adopt(left.folder, WORK_FILES.lake, adoption);
  if (adopted === undefined) return false;
  if (!(await isParquet(left.folder))) throw noParquet();
  await left.folder.rename(WORK_FILES.lake, lake, name);
  await lake.sync();
  if ((await lake.look(name))?.ino === adopted.ino) return true;
  throw new OrchestratorError('bug', `${WORK_FILES.lake} of run ${name} was swapped while it was put into the lake`);
}

/** At a glance: its ends are those of such a file, and what it says that stands before the last one fits between them. */
async function isParquet(folder: Folder): Promise<boolean> {
  const file = await folder.openFile(WORK_FILES.lake);
  try {
    const { size } = await file.stat();
    if (size < SMALLEST_PARQUET) return false;
    const [first, last] = [Buffer.alloc(4), Buffer.alloc(8)];
    await file.read(first, 0, 4, 0);
    await file.read(last, 0, 8, size - 8);
    const hasMagic = first.toString('latin1') === PARQUET_MAGIC && last.toString('latin1', 4) === PARQUET_MAGIC;
    return hasMagic && last.readUInt32LE(0) > 0 && last.readUInt32LE(0) <= size - SMALLEST_PARQUET;
  } finally {
    await file.close();
  }
}

function noParquet(): OrchestratorError {
  return new OrchestratorError(
    'never',
    `contract breach: ${WORK_FILES.lake} in WORK_DIR is not a whole Parquet file; mend the program that was run`,
  );
}

function noFile({ loaded }: Rows): OrchestratorError {
  return new OrchestratorError(
    'never',
    `contract breach: ${loaded} rows loaded, but there is no ${WORK_FILES.lake} in WORK_DIR; mend the program that was run`,
  );
}
