import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { WARM_JOBS } from '../../../default-etl/contract/contract.ts';
import { messageOf, OrchestratorError } from '../../errors.ts';
import { realInputFolder } from '../input-folder.ts';
import { writeLargeVariables, withoutLarge } from '../large-variables.ts';
import type { Job, JobPaths, JobTemplate } from '../runner.ts';
import { giveWorkDir } from '../work-dir.ts';
import type { CompiledCode } from './compiled-code.ts';
import { confine, isStranger, type Program } from './confinement.ts';
import { demandAllowed, findExecutable } from './executable.ts';
import { launch, type Launched } from './launcher.ts';
import { launchPiped, type Piped } from './piped.ts';
import type { Home } from './worker-homes.ts';

export interface LaunchesOptions {
  /** Absolute. DATA_DIR. */
  dataDir: string;
  /** Absolute: the project's root. Relative COMMANDs are from here, and it is the working directory of what runs. */
  projectDir: string;
  /** What runs where a dataset has no COMMAND: absolute path of the program, and its first arguments. */
  defaultEtl: readonly string[];
  /** Absolute: the files and folders that it is made of, its own one first. Where they are named, it can open nothing else. */
  etlFiles?: readonly string[];
  /** What the default ETL need not compile. */
  compiled?: CompiledCode;
  /**
   * What each process inherits: of it only PATH and LANG, and as us HOME and TMPDIR, so that no secret goes where it
   * wasn't sent.
   */
  environment: Readonly<Record<string, string | undefined>>;
}

const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const;

/** What is launched for attempts and for workers: which program, confined to what is its own. */
export class Launches {
  readonly #options: LaunchesOptions;
  readonly #inherited: Record<string, string>;
  readonly #surroundings: Parameters<typeof confine>[3];

  constructor(options: LaunchesOptions) {
    const { dataDir, projectDir, etlFiles = [], compiled, environment } = options;
    this.#options = options;
    this.#surroundings = { dataDir, projectDir, etlFiles, compiled };
    this.#inherited = Object.fromEntries(
      INHERITED.map(name => [name, environment[name]]).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
  }

  /** A process for one attempt, which prints to its log; it waits behind a gate. */
  async alone(job: Job, openLog: () => Promise<FileHandle>): Promise<{ launched: Launched; logOffset: number }> {
    const program = this.#programOf(job);
    job.connections?.write();
    const paths = pathsOf(job, job.workDir);
    const args = [...program.args, ...job.args(paths)];
    job.writeFiles(paths);
    const environment = { ...job.environment(paths), WORK_DIR: job.workDir };
    const own = writeLargeVariables(job, { environment, args, paths });
    const confined = this.#confine(
      { ...job, realInputFolder: isStranger(job) ? await realInputFolder(job) : null },
      { ...program, args },
      own,
    );
    await giveWorkDir(job.workDir, `${job.owner.uid}:${job.owner.gid}`);
    await using log = await openLog();
    const logOffset = (await log.stat()).size;
    const output = { stdout: log.fd, stderr: log.fd };
    const request = { ...confined, cwd: this.#options.projectDir, output };
    return { launched: await launch(request).catch(notStarted(job)), logOffset };
  }

  /**
   * A worker, which finds the folders of its jobs where they are now; null where there is no input folder. One that
   * isn't another user works in the attempts' own.
   */
  async worker(template: JobTemplate, { path, owner, places }: Home): Promise<Piped | null> {
    const isOwn = isStranger({ owner });
    const workDir = isOwn ? path : join(this.#options.dataDir, 'runs');
    const job = { ...template, owner, workDir, workDirs: places, connections: null };
    const realFolder = await realInputFolder(job);
    if (realFolder === null) return null;
    const settings = withoutLarge(template.environment(pathsOf(template, path)));
    const own = { ...settings, WORK_DIR: path, ORCHESTRATOR_WARM: WARM_JOBS };
    const confined = this.#confine({ ...job, realInputFolder: isOwn ? realFolder : null }, this.#programOf(job), own);
    return launchPiped({ ...confined, cwd: this.#options.projectDir });
  }

  #confine(
    job: Parameters<typeof confine>[0],
    program: Program,
    own: Record<string, string>,
  ): ReturnType<typeof confine> {
    return confine(job, program, { inherited: this.#inherited, own }, this.#surroundings);
  }

  #programOf(job: Pick<Job, 'dataset' | 'owner'>): Program {
    const { defaultEtl, projectDir } = this.#options;
    const { name, command } = job.dataset;
    const isDefaultEtl = command.length === 0;
    const [program, ...args] = isDefaultEtl ? defaultEtl : command;
    if (program === undefined) throw new OrchestratorError('bug', `dataset ${name}: there is nothing to run`);
    const path = findExecutable(program, {
      dataset: name,
      projectDir,
      searchPath: this.#inherited['PATH'] ?? '',
      ...(isStranger(job) && { uid: job.owner.uid }),
    });
    if (!isDefaultEtl) demandAllowed(job.dataset, path);
    return { path, args, isDefaultEtl };
  }
}

/** A process finds its folders where they are. */
function pathsOf({ inputFolder, dataset }: Pick<Job, 'inputFolder' | 'dataset'>, work: string): JobPaths {
  return { data: inputFolder, config: dataset.configFolder, work };
}

/** What is wrong with one that can't be started is told with the file that it was for. */
export function notStarted(job: Job): (error: unknown) => never {
  return error => {
    const kind = error instanceof OrchestratorError && error.kind === 'wait' ? 'wait' : 'retry';
    throw new OrchestratorError(
      kind,
      `dataset ${job.datasetName}: a process for ${job.file} could not be started: ${messageOf(error)}`,
      { cause: error },
    );
  };
}
