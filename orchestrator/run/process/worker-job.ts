import { environmentAhead } from '../job.ts';
import type { Job } from '../runner.ts';
import { type Child, stopPrinting } from './child.ts';
import { JobOutput } from './job-output.ts';
import type { Taken, WorkerPool } from './worker-pool.ts';

export interface WorkerJobOptions {
  workers: WorkerPool;
  mask(text: string): string;
  /** What it may print. */
  mostLogBytes: number;
}

/** Gives a worker its job. Throws where its log can't be opened; the worker is still to be discarded then. */
export function startWorkerJob({ worker, workDir }: Taken, job: Job, options: WorkerJobOptions): Child {
  const { workers, mask, mostLogBytes } = options;
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
