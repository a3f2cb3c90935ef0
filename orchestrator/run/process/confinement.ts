import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Dataset } from '../../config/dataset.ts';
import { realPathOf } from '../../config/places.ts';
import { readSmallFile, Unreadable } from '../../config/read-text.ts';
import { runsModules } from '../../config/receivers.ts';
import { OrchestratorError } from '../../errors.ts';
import { isWithin } from '../../files/within.ts';
import type { Job } from '../runner.ts';
import type { CompiledCode } from './compiled-code.ts';
import { isFile } from './executable.ts';
import type { LaunchRequest } from './launch.ts';
import { nodePermissions } from './node-permissions.ts';
import { OWN_FOLDERS, type Shown, shownAs, type View } from './view.ts';

/** Where the orchestrator is: what nothing that it runs may see all of. */
export interface Surroundings {
  /** Absolute. */
  dataDir: string;
  /** Absolute: the project's root. */
  projectDir: string;
  /** Absolute: the files and folders that the default ETL is made of. */
  etlFiles: readonly string[];
  /** What the default ETL need not compile. */
  compiled: CompiledCode | undefined;
}

/** What is to be run, and how it is kept to what is its own. */
export type Confined = Pick<
  LaunchRequest,
  'command' | 'environment' | 'umask' | 'user' | 'view' | 'isOffline' | 'limits'
>;

/** What is to be done, once or more often. */
export interface JudgedJob extends Pick<Job, 'dataset' | 'inputFolder' | 'workDir' | 'owner' | 'connections'> {
  /** The real path of the data folder: what was judged is what is shown. Null where nothing is there. */
  realInputFolder: string | null;
  /** Folders in WORK_DIR that show through, where all of it does not. */
  workDirs?: readonly string[];
}

export interface Program {
  /** Absolute. */
  path: string;
  args: readonly string[];
  isDefaultEtl: boolean;
}

/** The default ETL writes below DATA_DIR alone; what a COMMAND writes elsewhere is for whom it wants. */
const UMASK = { defaultEtl: 0o077, command: 0o022 } as const;

/** The bounds of a job's process. Only a root orchestrator can give it another uid and a view; the rest holds for all. */
export function confine(
  job: JudgedJob,
  program: Program,
  environment: { inherited: Readonly<Record<string, string>>; own: Readonly<Record<string, string>> },
  surroundings: Surroundings,
): Confined {
  const isOwn = isStranger(job);
  const cache = program.isDefaultEtl ? cacheFor(job, isOwn, surroundings) : undefined;
  const command = [program.path, ...permissionsOf(job, program, surroundings, cache?.folder), ...program.args];
  const { workBytes, pids } = job.dataset.limits;
  const limits = Number.isFinite(workBytes) ? { fileBytes: workBytes } : {};
  const umask = program.isDefaultEtl ? UMASK.defaultEtl : UMASK.command;
  if (!isOwn) return { command, umask, environment: { ...environment.inherited, ...environment.own }, limits };
  const home = { HOME: job.workDir, TMPDIR: job.workDir };
  return {
    command,
    umask,
    environment: {
      ...environment.inherited,
      ...home,
      ...(cache && { NODE_COMPILE_CACHE: cache.folder }),
      ...environment.own,
    },
    user: job.owner,
    view: { ...viewOf(job, program, surroundings), links: cache?.links ?? [] },
    isOffline: isOurs(job, program) && job.dataset.settings.LOAD?.target === 'lake',
    limits: { ...limits, processes: pids },
  };
}

/** Whether it gets a uid that is not ours. */
export function isStranger({ owner }: Pick<Job, 'owner'>): boolean {
  return process.getuid?.() === 0 && owner.uid !== 0;
}

function viewOf(job: JudgedJob, program: Program, surroundings: Surroundings): Omit<View, 'links'> {
  const { configFile } = job.dataset;
  const hidden = [surroundings.dataDir, dirname(configFile)];
  const programs = program.isDefaultEtl
    ? surroundings.etlFiles
    : wordsThatAreFiles(job, program, surroundings.projectDir);
  return {
    shown: [
      ...shownAs('work', job.workDirs ?? [job.workDir]),
      ...judgedFolders(job),
      ...shownAs('data', connectionsOf(job)),
      ...[program.path, ...programs].map(path => shownProgram(path, [...hidden, surroundings.projectDir])),
    ],
    hidden,
    own: OWN_FOLDERS,
    workingDir: surroundings.projectDir,
    // A COMMAND is told where its YAML is.
    files: program.isDefaultEtl ? [] : yamlOf(job.dataset),
  };
}

/** The folder of the dataset may have become a link since its YAML was judged. */
function judgedFolders({ inputFolder, realInputFolder, dataset }: JudgedJob): Shown[] {
  const { name, configFolder } = dataset;
  const shown: Shown[] = realInputFolder === null ? [] : [{ path: inputFolder, as: 'data', real: realInputFolder }];
  if (statSync(configFolder, { throwIfNoEntry: false }) === undefined) return shown;
  const real = realPathOf(configFolder);
  const why = dataset.whyForbidden('yaml_folders', configFolder) ?? dataset.whyForbidden('yaml_folders', real);
  if (why !== null) throw new OrchestratorError('never', `dataset ${name}: its folder ${configFolder} ${why}`);
  return [...shown, { path: configFolder, as: 'data', real }];
}

function connectionsOf({ connections }: JudgedJob): string[] {
  return connections?.file ? [connections.file] : [];
}

/** A script's folder, with what it is made of; the file alone where the folder holds what is not the script's. */
function shownProgram(path: string, others: readonly string[]): Shown {
  const folder = dirname(path);
  return { path: isFile(path) && !others.some(other => isWithin(other, folder)) ? folder : path, as: 'program' };
}

/**
 * `python3 ./etl.py`: the program is elsewhere, what it runs is here. What no container may mount is not shown in a
 * closed folder, either.
 */
function wordsThatAreFiles({ dataset }: JudgedJob, { args }: Program, projectDir: string): string[] {
  const paths = args.filter(word => word.includes('/')).map(word => resolve(projectDir, word));
  const mayBeShown = (path: string) =>
    isWithin(realPathOf(path), realPathOf(projectDir)) || dataset.whyForbidden('volumes', path) === null;
  return paths.filter(path => isFile(path) && mayBeShown(path));
}

/** As it is now, which may be anything: whoever writes YAML may have put a link or a FIFO in its place since it was judged. */
function yamlOf({ configFile, whyForbidden }: Dataset): View['files'] {
  const allow = (realPath: string) => {
    if (whyForbidden('yaml_folders', realPath) !== null) throw new Unreadable();
  };
  try {
    return [{ path: configFile, text: readSmallFile(configFile, { allow, isOnlyName: true }).toString('utf8') }];
  } catch {
    return [];
  }
}

function isOurs(job: JudgedJob, { isDefaultEtl }: Program): boolean {
  return isDefaultEtl && !runsModules(job.dataset.settings);
}

function permissionsOf(
  job: JudgedJob,
  program: Program,
  { etlFiles }: Surroundings,
  cache: string | undefined,
): string[] {
  if (etlFiles.length === 0 || !isOurs(job, program)) return [];
  const written = [job.workDir, ...(cache === undefined ? [] : [cache])];
  const read = [...etlFiles, job.inputFolder, job.dataset.configFolder, ...connectionsOf(job)];
  return nodePermissions({ read, written });
}

/** Compiled code is looked for in a folder that is named after the uid. As us, it is kept where it always was. */
function cacheFor(
  job: JudgedJob,
  isOwn: boolean,
  { dataDir, compiled }: Surroundings,
): { folder: string; links: View['links'] } | undefined {
  if (!isOwn) return compiled && { folder: compiled.path, links: [] };
  const found = compiled?.folder();
  if (found === undefined) return undefined;
  const folder = join(dataDir, 'compiled');
  return { folder, links: [{ at: join(folder, found.nameFor(job.owner.uid)), target: found.path }] };
}
