import { writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { OrchestratorError } from '../errors.ts';
import { JOB_FILES } from './job.ts';
import type { Job, JobPaths } from './runner.ts';

/** Linux takes no variable or argument of 128 KB or more (MAX_ARG_STRLEN, execve(2)). */
const LONGEST_TEXT_BYTES = 128 * 1024 - 1;
/**
 * And all of them together up to a quarter of what a stack may have, which is 8 MB nearly everywhere: there is room for
 * an image's own.
 */
const MOST_BYTES = 1024 * 1024;
/** What a shell can still pass on with a word of its own before it. */
const LARGE_BYTES = 64 * 1024;
const FILE_MODE = 0o600;

type Variables = Readonly<Record<string, string>>;

/**
 * Writes the variables that are too large for a program into a file in WORK_DIR, a JSON object, and returns the rest
 * with ENVIRONMENT_FILE, which names it. To be called before WORK_DIR is given away. Throws `never` where an argument
 * is too large, which nothing can be done about.
 */
export function writeLargeVariables(
  { workDir, datasetName: dataset }: Pick<Job, 'workDir' | 'datasetName'>,
  { environment, args, paths }: { environment: Variables; args: readonly string[]; paths: Pick<JobPaths, 'work'> },
): Record<string, string> {
  demandFitting(dataset, args);
  const { small, large } = split(environment);
  if (Object.keys(large).length === 0) return small;
  writeFileSync(posix.join(workDir, JOB_FILES.environment), JSON.stringify(large), { mode: FILE_MODE });
  return { ...small, ENVIRONMENT_FILE: posix.join(paths.work, JOB_FILES.environment) };
}

/** Without those that are too large: what is started ahead of its job gets all of them with the job. */
export function withoutLarge(environment: Variables): Record<string, string> {
  return split(environment).small;
}

/** The largest first, until the rest fits. */
function split(environment: Variables): { small: Record<string, string>; large: Record<string, string> } {
  const sized = Object.entries(environment).map(([name, value]) => ({ name, value, bytes: bytesOf(name, value) }));
  let total = sized.reduce((sum, { bytes }) => sum + bytes, 0);
  const small = { ...environment };
  const large: Record<string, string> = {};
  for (const { name, value, bytes } of sized.toSorted((a, b) => b.bytes - a.bytes)) {
    if (bytes <= LARGE_BYTES && total <= MOST_BYTES) break;
    large[name] = value;
    delete small[name];
    total -= bytes;
  }
  return { small, large };
}

function demandFitting(dataset: string, args: readonly string[]): void {
  const sizes = args.map(word => Buffer.byteLength(word));
  const all = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (sizes.every(bytes => bytes < LONGEST_TEXT_BYTES) && all < MOST_BYTES) return;
  throw new OrchestratorError(
    'never',
    `dataset ${dataset}: PARAMETERS are too large for a program's arguments (128 KB each, 1 MB in all); put what is large into a file, in config/${dataset}/, and name that`,
  );
}

function bytesOf(name: string, value: string): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
}
