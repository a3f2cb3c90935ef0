import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import type { AttemptEnvironment, FolderFile } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import { loadOfEtl } from '../config/load-schema.ts';
import { reservedAs } from '../config/reserved-variables.ts';
import { type FileVersion, inodeOf, mtimeNsOf } from '../files/version.ts';
import type { LedgerEntry, Run } from '../journal/journal.ts';
import { withoutCredentials, withoutVariables } from './connections/variables.ts';
import type { AttemptRef, Grant, Job, JobPaths, JobTemplate } from './runner.ts';

/** One file of an attempt. */
export interface JobFile {
  run: Run;
  ledger: LedgerEntry;
  /** A file in its WORK_DIR that stands in for it: mended records, or a copy of a file that the attempt may not read itself. */
  standIn: StandIn | null;
}

export interface StandIn {
  /** Relative to the file's own WORK_DIR. */
  path: string;
  version: FileVersion;
}

export interface JobRequest {
  dataset: Dataset;
  connections: Grant | null;
  /** Whether JOB_FILES.certificate is there. */
  hasCertificate: boolean;
  /** Names the attempt; in a run over a folder its first file may be out of it by now. */
  attempt: AttemptRef;
  /** More than one only with RUN_PER: folder. */
  files: readonly [JobFile, ...JobFile[]];
  owner: Job['owner'];
  ahead?: Job['ahead'];
  /** The index is refreshed once the attempt has ended. */
  isRefreshedLater?: boolean;
}

/**
 * What whoever starts the attempt puts into WORK_DIR beforehand; `files` and `environment` are written once the paths
 * are known.
 */
export const JOB_FILES = {
  certificate: 'ca.pem',
  mended: 'mend.ndjson',
  input: 'input',
  files: 'files.json',
  environment: 'environment.json',
} as const;

/** Composes one attempt: its environment as the contract says, and its arguments. */
export function buildJob(request: JobRequest): Job {
  const { dataset, files } = request;
  const { run } = files[0];
  return {
    ...request.attempt,
    dataset,
    file: isFolder(dataset) ? run.root : placeOf(run),
    inputFolder: inputFolderOf(dataset, run),
    action: run.action,
    owner: request.owner,
    connections: request.connections,
    ahead: request.ahead,
    args: paths => [...commandArguments(request, paths), ...parameters(request, paths)],
    environment: paths => environment(request, paths),
    writeFiles: paths => writeFiles(request, paths),
  };
}

/**
 * A dataset's jobs as they will be, for containers that are started ahead of them: without a file, or what the contract
 * says of one.
 */
export function jobTemplate(dataset: Dataset): JobTemplate {
  return {
    dataset,
    inputFolder: dataset.watchDir,
    args: () => [...dataset.parameters],
    environment: paths => settingsEnvironment({ dataset, connections: null, hasCertificate: false }, paths),
  };
}

/**
 * Of the datasets whose folder is there: one that isn't can't be mounted, so what is kept for its jobs is made with its
 * first file.
 */
export async function templatesOfPresent(datasets: readonly Dataset[]): Promise<JobTemplate[]> {
  const found = await Promise.allSettled(datasets.map(({ watchDir }) => stat(watchDir)));
  return datasets.filter((_, place) => found[place]?.status === 'fulfilled').map(jobTemplate);
}

/**
 * The environment of a job for a process or a container that was started ahead of it. The line in which it comes is
 * nobody else's to see, so it says all.
 */
export function environmentAhead(job: Job, paths: JobPaths): Record<string, string> {
  const { CONNECTIONS_FILE: _, ...rest } = job.environment(paths);
  return { ...rest, ...job.connections?.variables, WORK_DIR: paths.work };
}

/** Where a file's own part of WORK_DIR is: all of it, or with RUN_PER: folder a folder named after its run. */
export function workDirOf(dataset: Dataset, run: Pick<Run, 'id'>, workDir: string): string {
  return isFolder(dataset) ? posix.join(workDir, run.id) : workDir;
}

type Placed = Pick<Run, 'root' | 'file' | 'readFrom'>;

/** Absolute: where the file of a run is read. */
export function placeOf({ root, file, readFrom }: Placed): string {
  return readFrom ?? posix.join(root, file);
}

/**
 * The folder in which the file of a run is looked for, and where it is in it. One from elsewhere, with `/` as its root,
 * or in a backup is looked for in its own folder.
 */
export function mountOf(run: Placed): { folder: string; path: string } {
  if (run.root !== '/' && run.readFrom === null) return { folder: run.root, path: run.file };
  const place = placeOf(run);
  return { folder: posix.dirname(place), path: posix.basename(place) };
}

/**
 * What is mounted at /data: nothing but the file's own folder where that is elsewhere. A run over a folder has a copy
 * of what is in a backup.
 */
export function inputFolderOf(dataset: Dataset, run: Placed): string {
  return isFolder(dataset) && run.root !== '/' ? run.root : mountOf(run).folder;
}

function isFolder(dataset: Dataset): boolean {
  return dataset.settings.RUN_PER === 'folder';
}

/** Nothing goes before the contract. */
function environment(request: JobRequest, paths: JobPaths): Record<string, string> {
  return { ...settingsEnvironment(request, paths), ...contract(request, paths) };
}

/** Later wins: a dataset's ENV goes before the orchestrator's own connection, and before nothing else. */
function settingsEnvironment(
  request: Pick<JobRequest, 'dataset' | ConnectionPart>,
  paths: JobPaths,
): Record<string, string> {
  const { settings } = request.dataset;
  const isApart = settings.CONNECTIONS === 'file' || request.connections?.file != null;
  const ENV = isApart ? withoutVariables(settings.ENV) : settings.ENV;
  const own = Object.entries(ENV ?? {}).filter(([name]) => reservedAs(name) === null);
  return {
    ...texts({ ...settings, LOAD: loadOfEtl(settings.LOAD), ENV }),
    ...connection(request, paths),
    ...texts(Object.fromEntries(own)),
  };
}

function contract(request: JobRequest, paths: JobPaths): Record<string, string> {
  const { dataset, files } = request;
  const [lead] = files;
  const own = fileEnvironment(dataset, lead, paths);
  const whole = {
    DATASET: dataset.name,
    ATTEMPT: String(request.attempt.attempt),
    CONFIG_FILES: paths.config,
    ...(request.isRefreshedLater && { REFRESH: 'later' as const }),
  };
  if (!isFolder(dataset)) return { ...whole, ...own };
  return {
    ...whole,
    ...own,
    FILE: paths.data,
    FILE_NAME: basename(lead.run.root),
    FILE_PATH: '',
    WORK_DIR: paths.work,
    FILES: posix.join(paths.work, JOB_FILES.files),
  } satisfies AttemptEnvironment;
}

function writeFiles({ dataset, files, attempt }: JobRequest, paths: JobPaths): void {
  if (!isFolder(dataset)) return;
  const list = files.map(file => fileEnvironment(dataset, file, paths));
  writeFileSync(posix.join(attempt.workDir, JOB_FILES.files), JSON.stringify(list));
}

function fileEnvironment(dataset: Dataset, file: JobFile, paths: JobPaths): FolderFile {
  const { run, ledger, standIn } = file;
  const version = standIn?.version ?? run.fileVersion;
  return {
    RUN_ID: run.id,
    VERSION: String(run.version ?? ''),
    ...(run.action === 'mend' ? mendEnvironment(ledger) : {}),
    ACTION: run.action,
    FILE: pathOf(dataset, file, paths),
    FILE_NAME: posix.basename(run.file),
    FILE_PATH: run.file,
    FILE_SIZE: String(version?.sizeBytes ?? ''),
    FILE_MTIME_NS: version ? mtimeNsOf(version) : '',
    FILE_INODE: version ? inodeOf(version) : '',
    CONTENT_HASH: run.contentHash ?? '',
    FILE_KEY: run.fileKey ?? '',
    FILE_ROWS: String(ledger.fileRows),
    REPLACES: JSON.stringify(ledger.replaces),
    SEEN_AT: new Date(ledger.firstSeenAt).toISOString(),
    KNOWN_SINCE: new Date(ledger.knownSince).toISOString(),
    WORK_DIR: workDirOf(dataset, run, paths.work),
  };
}

/** Where the attempt finds the file. */
function pathOf(dataset: Dataset, { run, standIn }: JobFile, paths: JobPaths): string {
  return standIn === null
    ? posix.join(paths.data, mountOf(run).path)
    : posix.join(workDirOf(dataset, run, paths.work), standIn.path);
}

function mendEnvironment({ mended, replacesFormer }: LedgerEntry): Partial<FolderFile> {
  return {
    ...(mended ? { MENDED_VERSION: String(mended.version), MENDED_UNTIL: String(mended.newest) } : {}),
    ...(replacesFormer ? { MEND_REPLACES: 'true' } : {}),
  };
}

type ConnectionPart = 'connections' | 'hasCertificate';

/** What is no secret is in the environment in any case. */
function connection(
  { connections, hasCertificate }: Pick<JobRequest, ConnectionPart>,
  paths: JobPaths,
): Record<string, string> {
  if (!connections) return {};
  const { file, variables } = connections;
  const node = withoutCredentials(variables.ELASTICSEARCH_NODE ?? '');
  return {
    ...(hasCertificate ? { ELASTICSEARCH_CA: posix.join(paths.work, JOB_FILES.certificate) } : {}),
    ...(file === null
      ? variables
      : { ...(node === '' ? {} : { ELASTICSEARCH_NODE: node }), CONNECTIONS_FILE: paths.connections ?? file }),
  };
}

/** Objects and lists as JSON, the rest as it prints; what isn't set is left out. */
function texts(values: object): Record<string, string> {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    set.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}

/** The four arguments of the original's scripts: folder with a trailing slash, action, file name, config file. */
function commandArguments({ dataset, files: [file] }: JobRequest, paths: JobPaths): string[] {
  if (dataset.command.length === 0) return [];
  const { run, standIn } = file;
  const isCopied = standIn !== null && run.action !== 'mend';
  const own = isCopied ? pathOf(dataset, file, paths) : posix.join(paths.data, mountOf(run).path);
  const folder = isFolder(dataset) ? paths.data : posix.dirname(own);
  const name = isFolder(dataset) ? '' : posix.basename(own);
  return [folder.endsWith('/') ? folder : `${folder}/`, run.action, name, dataset.configFile];
}

function parameters(request: JobRequest, paths: JobPaths): string[] {
  const { dataset, files } = request;
  const { FILE, FILE_NAME, RUN_ID } = fileEnvironment(dataset, files[0], paths);
  const values: Record<string, string> = {
    file: isFolder(dataset) ? paths.data : FILE,
    name: isFolder(dataset) ? basename(files[0].run.root) : FILE_NAME,
    dataset: dataset.name,
    run: RUN_ID,
  };
  return dataset.parameters.map(word =>
    word.replace(/\{(file|name|dataset|run)\}/g, (_, key: string) => values[key] as string),
  );
}
