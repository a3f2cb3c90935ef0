import { existsSync, renameSync } from 'node:fs';
import { OrchestratorError } from '../../errors.ts';
import { environmentAhead } from '../job.ts';
import type { Job } from '../runner.ts';
import { giveWorkDir } from '../work-dir.ts';
import { type Child, stopPrinting } from './child.ts';
import { JobOutput } from './job-output.ts';
import type { Worker } from './worker.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface WorkerJobOptions {
  workers: WorkerPool;
  mask(text: string): string;
  /** What it may print. */
  mostLogBytes: number;
}

/** A worker that was taken for a job. */
export interface Taken {
  worker: Worker;
  /** Where it sees the job's WORK_DIR; null: at its path. */
  place: string | null;
}

/** The empty folder at the place becomes WORK_DIR. Throws `retry` where it went with its worker. */
export function putWorkDir(place: string, workDir: string): true {
  if (!existsSync(place)) throw new OrchestratorError('retry', 'what was started ahead for it has ended');
  renameSync(place, workDir);
  return true;
}

/** Gives a worker the job that it was taken for. Where it throws the worker is gone, and the job was never begun. */
export async function startWorkerJob({ worker, place }: Taken, job: Job, options: WorkerJobOptions): Promise<Child> {
  try {
    await giveWorkDir(job.workDir, `${worker.owner.uid}:${worker.owner.gid}`);
    return begin(worker, place ?? job.workDir, job, options);
  } catch (error) {
    await options.workers.discard(worker);
    throw error;
  }
}

function begin(worker: Worker, workDir: string, job: Job, { workers, mask, mostLogBytes }: WorkerJobOptions): Child {
  const output = new JobOutput({
    logFile: job.logFile,
    mask,
    mostBytes: mostLogBytes,
    onFull: () => stopPrinting(child),
  });
  const paths = { data: job.inputFolder, config: job.dataset.configFolder, work: workDir };
  job.writeFiles(paths);
  const ended = worker.run(environmentAhead(job, paths), output);
  const child: Child = {
    leader: worker.leader,
    isOver: false,
    stopped: null,
    unref: () => undefined,
    async hearOut(onMessage) {
      output.listen(onMessage);
      const exit = await ended;
      await workers.release(worker, child.stopped === null ? exit : null, job);
      return { ...exit, ...output.said() };
    },
  };
  void ended.then(() => (child.isOver = true));
  return child;
}
