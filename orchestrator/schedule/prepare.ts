import type { OpenFile } from '../files/open-file.ts';
import type { Dataset } from '../config/dataset.ts';
import { openAdminFile } from '../files/admin-folder.ts';
import { copyInto } from '../files/copy.ts';
import { Folder } from '../files/folder.ts';
import type { Owner } from '../files/rights.ts';
import { type FileVersion, versionOf } from '../files/version.ts';
import type { Run } from '../journal/journal.ts';
import { openMended } from '../rejects/files.ts';
import { JOB_FILES, type JobFile, type StandIn, workDirOf } from '../run/job.ts';
import type { Ahead, AttemptRef } from '../run/runner.ts';
import type { ScheduleContext } from './context.ts';
import { placeInput } from './input.ts';
import { ledgerRequest } from './key.ts';
import { makeLogFile, makeWorkDir } from './work-dir.ts';

/** Key and index of a run are remembered before anything of it can be sent. */
export async function withLedger({ journal }: ScheduleContext, dataset: Dataset, run: Run): Promise<JobFile> {
  const request = ledgerRequest(run, dataset);
  const ledger = await journal.ledger(run, request);
  return { run: { ...run, fileKey: request.fileKey, index: ledger.index }, ledger, standIn: null };
}

/** For what is to be said of a run whose key could not be had. */
export function withoutLedger(run: Run): JobFile {
  const ledger = {
    index: '',
    fileRows: 0,
    firstSeenAt: run.seenAt,
    knownSince: run.seenAt,
    replacesFormer: false,
    replaces: [],
    mended: null,
  };
  return { run, ledger, standIn: null };
}

/**
 * Makes the folders of an attempt, and puts into them what it needs besides its file. They are still ours: whoever
 * starts it gives them away.
 */
export async function makeFolders(
  { environment }: ScheduleContext,
  dataset: Dataset,
  attempt: AttemptRef,
  files: readonly JobFile[],
  ahead: Ahead | undefined,
): Promise<JobFile[]> {
  const { workDir, logFile } = attempt;
  await makeLogFile(logFile);
  await makeWorkDir(workDir, path => ahead?.putWorkDir(path) ?? false);
  const certificate = environment.elasticsearch?.ca;
  if (certificate) await placeCopy(await openAdminFile(certificate), workDir, JOB_FILES.certificate);
  const made: JobFile[] = [];
  for (const file of files) {
    const own = workDirOf(dataset, file.run, workDir);
    if (own !== workDir) await makeWorkDir(own);
    made.push({ ...file, standIn: await placeMended(environment.dataDir, file.run, own) });
  }
  return made;
}

async function placeMended(dataDir: string, run: Run, workDir: string): Promise<StandIn | null> {
  if (run.mendFile === null) return null;
  const version = await placeCopy(await openMended(dataDir, run.mendFile), workDir, JOB_FILES.mended);
  return { path: JOB_FILES.mended, version };
}

/** Closes the source. */
async function placeCopy(source: OpenFile, workDir: string, name: string): Promise<FileVersion> {
  await using original = source;
  return await Folder.useNow(workDir, async folder => {
    await using copy = await copyInto(original, folder, name, async () => undefined);
    return versionOf(await copy.stat({ bigint: true }));
  });
}

/**
 * Puts a copy of the file beside what else the attempt needs, where its user may not read the file itself. Throws what
 * placeInput() throws.
 */
export async function withInput(
  { environment, uids }: ScheduleContext,
  dataset: Dataset,
  attempt: AttemptRef,
  file: JobFile,
  { owner, signal }: { owner: Owner; signal: AbortSignal },
): Promise<JobFile> {
  if (file.standIn) return file;
  const workDir = workDirOf(dataset, file.run, attempt.workDir);
  const { minFreeBytes } = environment;
  // An orchestrator that isn't root has read the file as the user that its runs have, too.
  const reader = uids.areOwn ? owner : null;
  const request = { dataset, run: file.run, workDir, owner: reader, minFreeBytes, signal };
  return { ...file, standIn: await placeInput(request) };
}

/** Whether makeFolders() puts the certificate of the target's authority there. */
export function hasCertificate({ environment }: ScheduleContext): boolean {
  return Boolean(environment.elasticsearch?.ca);
}
