import { environmentAhead } from '../job.ts';
import type { Job } from '../runner.ts';
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

/** Gives a worker the job that it was taken for. Where it throws the worker is gone, and the job was never begun. */
export async function startWorkerJob(worker: Worker, job: Job, options: WorkerJobOptions): Promise<Child> {
  const workDir = await options.workers.place(worker, job);
  try {
    return begin(worker, workDir, job, options);
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
  const paths = { data: job.dataDir, config: job.settings.configFolder, work: workDir };
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
