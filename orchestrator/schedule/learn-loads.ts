import { targetOf } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import { count } from '../text/count.ts';
import { messageOf } from '../errors.ts';
import type { Journal, Loads, RowsUnder } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { idsOf } from './key.ts';

/** What decides which rows of a dataset stand where. */
interface How {
  target: string;
  /** Without what date_suffix makes of it; empty where the target has none. */
  index: string;
  suffix: string;
  change: 'replace' | 'append';
  /** As LedgerRequest has it. */
  ids: string;
}

export interface LoadsOptions {
  journal: Pick<Journal, 'loads' | 'setLoads' | 'rowsUnder'>;
  /** All that are configured now. */
  datasets: ReadonlyMap<string, Dataset>;
  logger: Logger;
}

/**
 * Compares how datasets load their rows with how they did before, and says what became of the rows that are there: in
 * the log now, and in the journal for as long as it holds. Also where a dataset is new, and its index holds the rows of
 * one that is not configured any more. Never throws: it is only to be looked at.
 */
export async function learnLoads({ journal, datasets, logger }: LoadsOptions): Promise<void> {
  try {
    const known = new Map((await journal.loads()).map(one => [one.dataset, one]));
    for (const dataset of datasets.values()) {
      const before = known.get(dataset.name);
      const loads = JSON.stringify(howOf(dataset));
      if (before?.loads === loads) continue;
      const notice = await noticeOf(dataset, before, { journal, datasets, known });
      await journal.setLoads({ dataset: dataset.name, loads, notice });
      if (notice !== null) logger.warn(`dataset ${dataset.name}: ${notice}`, { dataset: dataset.name });
    }
  } catch (error) {
    logger.warn(`whether rows were loaded by other settings before is not known: ${messageOf(error)}`);
  }
}

interface Surroundings extends Pick<LoadsOptions, 'journal' | 'datasets'> {
  known: ReadonlyMap<string, Loads>;
}

async function noticeOf(dataset: Dataset, before: Loads | undefined, around: Surroundings): Promise<string | null> {
  if (before === undefined || before.loads === null) return formerNameText(dataset, around);
  const [was, is] = [JSON.parse(before.loads) as How, howOf(dataset)];
  const rows = await around.journal.rowsUnder(dataset.name);
  if (rows.length === 0) return null;
  const texts = [placeText(was, is, rows, dataset), idText(was, is, rows, dataset), changeText(was, is, rows, dataset)];
  return texts.filter(text => text !== undefined).join('. ') || null;
}

function howOf({ name, settings }: Dataset): How {
  const { LOAD, ON_CHANGE } = settings;
  const { target = '', index = name, date_suffix: suffix = '' } = LOAD;
  const { options } = targetOf(target);
  const ids = idsOf({ settings });
  return {
    target,
    index: 'index' in options ? index : '',
    suffix: 'date_suffix' in options ? suffix : '',
    change: ids === '' ? ON_CHANGE : 'replace',
    ids,
  };
}

function placeText(was: How, is: How, rows: readonly RowsUnder[], { name }: Dataset): string | undefined {
  if (was.target !== is.target) {
    return `rows went to ${placeOf(was)} before and go to ${placeOf(is)} now: those of ${filesOf(rows)} stay where they are; orchestrator reload ${name} loads all files anew`;
  }
  if (was.index === is.index && was.suffix === is.suffix) return undefined;
  const text = `LOAD.index is ${is.index}${is.suffix} now, and was ${was.index}${was.suffix}: the rows of ${filesOf(rows)} are in ${rows.map(({ index }) => index).join(', ')}`;
  if (was.ids !== '')
    return `${text}. Their ids tell no file, so they stay there: orchestrator reload ${name} loads all files anew; then delete that index`;
  return `${text}, and stay there until each file is loaded again; orchestrator reload ${name} loads all of them anew, and takes the old rows out`;
}

function placeOf({ target, index, suffix }: How): string {
  return index === '' ? targetOf(target).traits.title : `index ${index}${suffix}`;
}

function idText(was: How, is: How, rows: readonly RowsUnder[], { name }: Dataset): string | undefined {
  if (was.ids === is.ids) return undefined;
  if (was.ids === '') {
    return `LOAD.id is ${is.ids} now: the rows of ${filesOf(rows)} have ids of their file and row, and stand beside new ones until each file is loaded again; orchestrator reload ${name} loads all of them anew, and takes the old rows out`;
  }
  const now = is.ids === '' ? 'not set any more' : `${is.ids} now`;
  return `LOAD.id is ${now}, and was ${was.ids}: rows that are there have ids that tell no file, so they can't be taken out by it, and stand beside new ones. Set a new LOAD.index, then orchestrator reload ${name}, and delete the former index ${rows.map(({ index }) => index).join(', ')}`;
}

function changeText(was: How, is: How, rows: readonly RowsUnder[], { name }: Dataset): string | undefined {
  if (was.change === is.change) return undefined;
  if (is.change === 'append') {
    return 'ON_CHANGE is append now: the rows that are there stay, and each further file of a name that was moved away adds to them';
  }
  const former = rows.reduce((sum, { files, paths }) => sum + files - paths, 0);
  if (former === 0) return undefined;
  return (
    `ON_CHANGE is replace now: rows of ${count(former, 'former file')} stand beside those of a later one of the same name. The next file of such a name takes the place of all of them; ` +
    `orchestrator reload ${name} leaves the newest of each name at once. Where they are to stay, set ON_CHANGE: append again`
  );
}

/** A dataset that is new, and the index of which has the rows of one that is gone: most likely it was renamed. */
async function formerNameText(dataset: Dataset, { journal, datasets, known }: Surroundings): Promise<string | null> {
  const { target, index, ids } = howOf(dataset);
  if (index === '' || ids !== '') return null;
  for (const { dataset: former, loads } of known.values()) {
    if (datasets.has(former) || loads === null) continue;
    const was = JSON.parse(loads) as How;
    if (was.target !== target || was.index !== index) continue;
    const rows = await journal.rowsUnder(former);
    if (rows.length === 0) continue;
    return (
      `index ${index} holds the rows of ${filesOf(rows)} of dataset ${former}, which is not configured any more. If ${dataset.name} is its new name, the same files are loaded a second time beside them: ` +
      `orchestrator reload ${dataset.name} --from ${former} makes those rows ${dataset.name}'s, loads its files anew and takes the old rows out`
    );
  }
  return null;
}

function filesOf(rows: readonly RowsUnder[]): string {
  const files = rows.reduce((sum, { files: some }) => sum + some, 0);
  const all = rows.reduce((sum, { rows: some }) => sum + some, 0);
  return `${count(files, 'file')} (${count(all, 'row')})`;
}
