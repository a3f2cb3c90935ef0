import type { Dataset } from '../config/dataset.ts';
import { decisionsText } from '../text/decisions-text.ts';
import type { Disposal, Journal, Run } from '../journal/journal.ts';
import { versionKey } from './version.ts';

/** What the history of a path is read from. */
export type HistoryJournal = Pick<Journal, 'decisions' | 'disposals' | 'knownFile' | 'runs' | 'summaries'>;

/** What the journal says of a path. */
export interface History {
  sentences: string[];
  /** versionKey of the version the journal has as present, else null. */
  known: string | null;
  /** That version is known, and was never to be run. */
  isLeftAlone: boolean;
}

/**
 * Reads what was recorded of a path: its last run, how far it is, how the file was read, where it went; and that
 * nothing starts while its dataset is paused.
 */
export async function explainHistory(path: string, dataset: Dataset, journal: HistoryJournal): Promise<History> {
  const { items } = await journal.runs({ dataset: dataset.name, path, limit: 1000 });
  const latest = items[0];
  // How a table of mended rows is read says nothing of the file.
  const reading = items.find(run => run.action !== 'mend');
  const known = await journal.knownFile(dataset.name, path);
  const sentences: string[] = [];
  const isPaused = (await journal.summaries()).some(({ dataset: name, paused }) => name === dataset.name && paused);
  if (isPaused)
    sentences.push(`The dataset is paused: none of its runs starts until \`orchestrator resume ${dataset.name}\`.`);
  if (latest) sentences.push(describeRun(latest));
  else if (known?.present) sentences.push('It was there before the dataset was first watched, and EXISTING is ignore.');
  const decided = reading ? decisionsText(await journal.decisions(reading.id)) : '';
  if (decided !== '') sentences.push(`It was read with ${decided}.`);
  const disposal = reading ? (await journal.disposals(reading.id))[0] : undefined;
  if (disposal?.state === 'intended') sentences.push(intentText(disposal));
  else if (known && !known.present)
    sentences.push(`The journal has it as no longer there${whereItLies(reading, disposal, dataset)}.`);
  const isLeftAlone = latest === undefined || (latest.state === 'cancelled' && latest.version === null);
  return { sentences, known: known?.present && known.version ? versionKey(known.version) : null, isLeftAlone };
}

function intentText({ kind, target, error }: Disposal): string {
  const what = kind === 'remove' ? 'to be removed' : `to be moved to ${target}`;
  return `Its file is ${what}${error === null ? '' : `, which can’t be done now: ${error}`}.`;
}

function whereItLies(run: Run | undefined, disposal: Disposal | undefined, { settings }: Dataset): string {
  if (run === undefined) return '';
  const to = disposal?.target ? `, ${disposal.target}` : '';
  if (run.state === 'quarantined' && (disposal !== undefined || settings.QUARANTINE_DIR !== null))
    return `: it was moved to the quarantine${to}; copy a mended one here, or put it back by \`orchestrator replay ${run.file}\``;
  if (disposal?.state !== 'disposed') return '';
  return disposal.kind === 'remove'
    ? ': it was removed once it was loaded (REMOVE_FILE)'
    : `: it was moved to the backup${to}`;
}

/** What became of a run, or how far it is, in one sentence. */
export function describeRun(run: Run): string {
  const since = new Date(run.endedAt ?? run.startedAt ?? run.queuedAt ?? run.seenAt).toISOString();
  const what = run.action === 'mend' ? ', of mended rows,' : '';
  const error = run.error === null ? '' : `: ${run.error}`;
  const toCheck = run.toCheck.length === 0 ? '' : `; to check: ${run.toCheck.join('; ')}`;
  return `Its last run ${run.id}${what} is ${run.state} since ${since}${rowsText(run)}${progressText(run)}${error}${toCheck}.`;
}

function rowsText({ rows }: Run): string {
  if (rows === null) return '';
  const filtered = rows.filtered > 0 ? `, ${rows.filtered} filtered` : '';
  return `, ${rows.loaded} of ${rows.read} rows loaded, ${rows.rejected} rejected${filtered}`;
}

function progressText({ state, attempt, progress, dueAt, waits, retriesUsed }: Run): string {
  if (state === 'queued' && dueAt !== null && waits + retriesUsed > 0)
    return `, attempt ${attempt + 1} not before ${new Date(dueAt).toISOString()}`;
  if (state !== 'running') return '';
  if (progress === null) return `, attempt ${attempt}`;
  const { rows, bytes, totalBytes } = progress;
  const share = bytes === null || !totalBytes ? '' : `, ${Math.floor((100 * bytes) / totalBytes)} % of its bytes`;
  return `, attempt ${attempt}: ${rows.toLocaleString('en')} rows so far${share}`;
}
