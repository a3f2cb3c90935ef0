import { EXIT } from '../../default-etl/contract/contract.ts';
import type { Rows } from '../journal/journal.ts';
import { LIMITS } from '../limits.ts';
import type { Ending } from './ending.ts';
import type { Situation } from './gather.ts';
import { arePlausible } from './plausible.ts';

export const OUTPUT_TEXT = `it printed more than ${LIMITS.logBytes / 1024 / 1024} MB, or more than the disk has room for, and was stopped: make it print less; its log has what came first and last`;

export const ENGINE_TEXT =
  'it starts over, since the Docker Engine, or its machine, was stopped or restarted while it ran; that uses up no retry';

export function failureText(ending: Ending, { timeoutMs, memory, repeatsItself }: Situation): string {
  const limit = memory === null ? '' : ` (limit ${memory})`;
  if (ending.outOfMemory) return `ran out of memory${limit}; raise DOCKER_OPTIONS.memory`;
  if (ending.signal === 'SIGABRT' && ending.stopped === null && repeatsItself)
    return `ran out of memory (JavaScript's own)${limit}; raise DOCKER_OPTIONS.memory, or what ENV.NODE_OPTIONS says (--max-old-space-size, in MB)`;
  if (ending.stopped === 'timeout')
    return `took longer than TIMEOUT (${seconds(timeoutMs)}); raise it if that is normal`;
  if (ending.signal === 'SIGKILL' && ending.stopped === null) {
    return `killed (SIGKILL), most likely for lack of memory${limit}: raise DOCKER_OPTIONS.memory, unless somebody killed it`;
  }
  const how = ending.exitCode === null ? `ended by ${ending.signal ?? 'being lost'}` : `exit code ${ending.exitCode}`;
  return withDetail(how, ending.errorText);
}

export function diskText({ run, workSize }: Situation): string {
  return (
    `wrote more into WORK_DIR than WORK_SIZE (${workSize}) or 100,000 files; it is not tried again: raise WORK_SIZE if that is normal, then ` +
    `orchestrator replay --failed ${run.dataset}`
  );
}

export function neverText(ending: Ending): string {
  return withDetail('this file can never succeed (exit code 65)', ending.errorText);
}

export function configText(ending: Ending, { run }: Situation): string {
  const fault = withDetail('a setting is wrong (exit code 78)', ending.errorText);
  return `${fault}; it is not tried again: correct the setting, then orchestrator replay --failed ${run.dataset}`;
}

export function notAgainText({ run }: Situation): string {
  return `it is not tried again, as it would end the same: then orchestrator replay --failed ${run.dataset}`;
}

export function cancelledText(situation: Situation): string {
  return `cancelled on request${overwrittenText(situation)}`;
}

/** Only where an earlier version's rows were there to be overwritten, or rows that count as rejected were loaded. */
export function overwrittenText({ run, sentRows }: Pick<Situation, 'run' | 'sentRows'>): string {
  // rule 6: the error tells of rows that were overwritten
  if (!sentRows || run.action === 'add') return '';
  if (run.action === 'mend')
    return '; mended rows that were loaded by then stay, though they count as rejected: mend them again';
  return '; rows of the former version were partly overwritten: put the file back, or replay it';
}

export function breachText(rows: Rows, accounted: number): string {
  return (
    `contract breach: exit code 0, but ${rows.read} rows read are not ${rows.loaded} loaded + ${rows.rejected} ` +
    `rejected + ${rows.filtered} filtered = ${accounted}; mend the program that was run`
  );
}

/** What it says and can't be, whatever else became of it. */
export function breachOf(
  { supersededBy, exitCode, breach }: Ending,
  rows: Rows | null,
  { mostRows }: Situation,
): string | undefined {
  if (exitCode === EXIT.done && breach !== undefined)
    return `contract breach: exit code 0, but ${breach}; mend the program that was run`;
  if (rows !== null && !arePlausible(rows, mostRows)) {
    return `contract breach: the result line tells of ${Math.max(...Object.values(rows))} rows, more than there can have been; mend the program that was run`;
  }
  if (supersededBy === null || supersededBy <= LIMITS.version) return undefined;
  return `contract breach: the index is said to hold version ${supersededBy}, which no version can be; mend the program that was run`;
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
