import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dataset } from '../../config/dataset.ts';
import { messageOf } from '../../errors.ts';
import { COMPILED, ETL_PROGRAM, etlFiles } from './etl-files.ts';
import { templatesOfPresent } from '../job.ts';
import type { InstalledRunner, RunnerContext } from '../registry.ts';
import { compileOnce } from './compiled-code.ts';
import { ProcessRunner } from './process-runner.ts';

const COMPILE_AHEAD = fileURLToPath(new URL('../../../default-etl/run/compile-ahead.ts', import.meta.url));

/** The process runner, for which the default ETL is compiled ahead. It takes whatever no other runner suits. */
export function installProcess(context: RunnerContext): InstalledRunner {
  const { environment, variables, projectDir, clock, logger, uids, mask } = context;
  const { dataDir } = environment;
  const runner = new ProcessRunner({
    logger,
    clock,
    dataDir,
    projectDir,
    defaultEtl: [process.execPath, ETL_PROGRAM],
    etlFiles: etlFiles(),
    compiled: COMPILED,
    workers: { uids, most: environment.concurrency },
    mask,
    minFreeBytes: environment.minFreeBytes,
    environment: variables,
  });
  const compilingDir = join(dataDir, 'compiling');
  // What an orchestrator left there which was killed keeps its uid until it is seen dead.
  uids.recall(compilingDir);

  /** With what fails processes only start later. */
  async function compileAhead(datasets: readonly Dataset[]): Promise<void> {
    if (datasets.every(({ settings }) => settings.COMMAND !== undefined)) return;
    await compileOnce({
      code: COMPILED,
      uids,
      workDir: compilingDir,
      command: [process.execPath, COMPILE_AHEAD],
      etlFiles: etlFiles(),
      hidden: [dataDir, environment.configDir],
      projectDir,
    }).catch((error: unknown) => logger.debug(`the default ETL is not compiled ahead: ${messageOf(error)}`));
  }

  return {
    runner,
    manner: 'runs as a process',
    suits: async (_dataset, { others }) => ({ suits: true, why: others.join('; ') }),
    async prepare(chosen, configured) {
      await compileAhead(chosen);
      runner.keepWarm(configured, await templatesOfPresent(chosen));
    },
    close: () => runner.close(),
  };
}
