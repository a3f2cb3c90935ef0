import { access, constants, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { WARM_LABEL } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import { aroundText, disguisedText, KeptFolders } from '../config/kept-folders.ts';
import { moduleOf } from '../config/receivers.ts';
import { codeOf, messageOf } from '../errors.ts';
import { askEtl } from '../etl/ask.ts';

/** How WATCH_DIRs and the orchestrator's own folders lie to each other: mistakes, where nothing could be taken, and warnings. */
export function keptFrom(datasets: readonly Dataset[], dataDir: string): { around: string[]; disguised: string[] } {
  const kept = new KeptFolders(dataDir, () => datasets);
  const texts = (tell: typeof aroundText) => datasets.flatMap(dataset => tell(dataset, kept.of(dataset)) ?? []);
  return { around: texts(aroundText), disguised: texts(disguisedText).map(asWarning) };
}

function asWarning(text: string): string {
  return text.replace(': ', ': warning: ');
}

/** Labels of an image that is there; undefined where it isn't, or nobody can be asked. */
export type LabelsOf = (image: string) => Promise<Record<string, string> | undefined>;

export interface Here {
  /** undefined where the environment is wrong. */
  dataDir: string | undefined;
  labelsOf: LabelsOf;
}

/** What keeps a dataset from being watched, as this machine is. */
export async function mistakesOn({ name, watchDir }: Dataset): Promise<string[]> {
  const isOther = await stat(watchDir).then(
    found => !found.isDirectory(),
    (error: unknown) => codeOf(error) === 'ENOTDIR',
  );
  return isOther ? [`dataset ${name}: WATCH_DIR ${watchDir} is a file, or lies below one; name a folder`] : [];
}

/** What may be meant so, but would surprise. */
export async function remarksOn(dataset: Dataset, here: Here): Promise<string[]> {
  const remarks = [
    await remarkOnFolder(dataset),
    await remarkOnCommand(dataset),
    await remarkOnWarm(dataset, here.labelsOf),
    ...(await remarksOnTargets(dataset, here.dataDir)),
    ...(await remarksOnModules(dataset)),
  ];
  return remarks.filter(remark => remark !== undefined).map(remark => `dataset ${dataset.name}: warning: ${remark}`);
}

async function remarkOnFolder({ watchDir }: Dataset): Promise<string | undefined> {
  try {
    await stat(watchDir);
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined;
    return codeOf(error) === 'ENOENT'
      ? `WATCH_DIR ${watchDir} does not exist yet; it is created before it is first watched`
      : `WATCH_DIR ${watchDir} can't be read (${codeOf(error) ?? messageOf(error)}); give this user access`;
  }
}

/** Only what takes one job after the other can be kept waiting. */
async function remarkOnWarm({ settings }: Dataset, labelsOf: LabelsOf): Promise<string | undefined> {
  const { WARM, DOCKER_IMAGE, RUNNER } = settings;
  if (WARM === 0 || DOCKER_IMAGE === undefined || RUNNER === 'process') return undefined;
  const labels = await labelsOf(DOCKER_IMAGE);
  if (labels === undefined || labels[WARM_LABEL] !== undefined) return undefined;
  return `WARM has no effect: ${DOCKER_IMAGE} does not say by the label ${WARM_LABEL} that it can wait for its job (default-etl/CONTRACT.md)`;
}

/** Where files are moved after their runs, as far as it can be told by this user's rights. */
async function remarksOnTargets(
  { settings }: Dataset,
  dataDir: string | undefined,
): Promise<Array<string | undefined>> {
  if (dataDir === undefined) return [];
  const { BACKUP_FILE, BACKUP_DIR, QUARANTINE_DIR } = settings;
  return [
    BACKUP_FILE ? await remarkOnTarget('BACKUP_DIR', BACKUP_DIR ?? join(dataDir, 'backup')) : undefined,
    // Of the usual one DATA_DIR tells.
    typeof QUARANTINE_DIR === 'string' ? await remarkOnTarget('QUARANTINE_DIR', QUARANTINE_DIR) : undefined,
  ];
}

async function remarkOnTarget(key: string, folder: string): Promise<string | undefined> {
  const there = await nearestThere(folder);
  const isFolder = (await stat(there).catch(() => undefined))?.isDirectory() === true;
  if (!isFolder) return `${key} ${folder} can't be made: ${there} is no folder; files would stay where they are`;
  const why = await access(there, constants.W_OK | constants.X_OK).then(
    () => undefined,
    (error: unknown) => codeOf(error) ?? messageOf(error),
  );
  if (why === undefined) return undefined;
  return `${key} ${folder} can't be written (${why}${there === folder ? '' : `, in ${there}`}): files would stay where they are; give uid ${process.getuid?.()} write access`;
}

/** The path, or the nearest one above it at which something is. */
async function nearestThere(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => !['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? ''),
  );
  return isThere || path === dirname(path) ? path : nearestThere(dirname(path));
}

async function remarkOnCommand({ command: [program] }: Dataset): Promise<string | undefined> {
  if (program === undefined || !isAbsolute(program)) return undefined;
  const isFile = await stat(program).then(
    found => found.isFile(),
    () => false,
  );
  return isFile ? undefined : `COMMAND ${program} is not there; each run would fail`;
}

/** The default ETL imports them, as it does in a run, in a process of its own: what they do on import is not done here. */
async function remarksOnModules({ settings, configFolder }: Dataset): Promise<string[]> {
  const files = settings.TRANSFORM.flatMap(step => moduleOf(step) ?? []);
  const environment = Object.fromEntries(
    Object.entries(settings.ENV ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const remarks = files.map(async file => {
    const reason = await whyNotImported(file, configFolder, environment);
    return reason === undefined ? [] : [`${reason}; each run would fail`];
  });
  return (await Promise.all(remarks)).flat();
}

async function whyNotImported(
  file: string,
  folder: string,
  environment: Record<string, string>,
): Promise<string | undefined> {
  const args = ['--check-module', `--name=${file}`, join(folder, file)];
  const signal = AbortSignal.timeout(IMPORT_TIMEOUT_MS);
  try {
    for await (const _ of askEtl({ args, environment, folders: [folder], runsModules: true, signal }));
    return undefined;
  } catch (error) {
    return signal.aborted ? `module ${file} is not imported within ${IMPORT_TIMEOUT_MS / 1000} s` : messageOf(error);
  }
}

const IMPORT_TIMEOUT_MS = 10_000;
