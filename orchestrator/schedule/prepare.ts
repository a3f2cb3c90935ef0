import { join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { fileVersionAt } from '../dispose/file-version.ts';
import type { FileVersion, Run } from '../journal/journal.ts';
import { JOB_FILES, type JobFile, workDirOf } from '../run/job.ts';
import type { AttemptRef } from '../run/runner.ts';
import type { ScheduleContext } from './context.ts';
import { ledgerRequest } from './key.ts';
import { copyInto, makeLogFile, makeWorkDir, type Owner } from './work-dir.ts';

/** Key and index of a run are remembered before anything of it can be sent. */
export async function withLedger({ journal }: ScheduleContext, dataset: Dataset, run: Run): Promise<JobFile> {
  const request = ledgerRequest(run, dataset);
  const ledger = await journal.ledger(request);
  return { run: { ...run, fileKey: request.fileKey, index: ledger.index }, ledger, mended: null };
}

/** Makes the folders of an attempt, and puts into them what it needs besides its file. */
export async function makeFolders(
  { environment }: ScheduleContext,
  dataset: Dataset,
  attempt: AttemptRef,
  files: readonly JobFile[],
  owner: Owner,
): Promise<JobFile[]> {
  const { workDir, logFile } = attempt;
  await makeLogFile(logFile);
  await makeWorkDir(workDir, owner);
  const certificate = environment.elasticsearch?.ca;
  if (certificate) await copyInto(certificate, join(workDir, JOB_FILES.certificate), owner);
  const made: JobFile[] = [];
  for (const file of files) {
    const own = workDirOf(dataset, file.run, workDir);
    if (own !== workDir) await makeWorkDir(own, owner);
    made.push({ ...file, mended: await placeMended(file.run, own, owner) });
  }
  return made;
}

async function placeMended(run: Run, workDir: string, owner: Owner): Promise<FileVersion | null> {
  if (run.mendFile === null) return null;
  const path = join(workDir, JOB_FILES.mended);
  await copyInto(run.mendFile, path, owner);
  return (await fileVersionAt(path)) ?? null;
}
