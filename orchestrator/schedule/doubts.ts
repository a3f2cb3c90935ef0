import type { Finish } from '../journal/journal.ts';
import type { JobFile } from '../run/job.ts';
import type { Conclusion } from './conclusion.ts';
import { idsOf } from './key.ts';
import { resemblanceText } from './resemblance.ts';

/** Adds to a run that is done what people should look at. */
export async function withDoubts(finish: Finish, conclusion: Conclusion): Promise<Finish> {
  if (finish.to !== 'done') return finish;
  const { said, dataset, file } = conclusion;
  const doubts = [...said.toCheck, ...idDoubts(file), ...(await deliveryDoubts(conclusion))];
  const isAppended = dataset.settings.ON_CHANGE === 'append';
  return { ...finish, toCheck: doubts, ids: idsOf(dataset), sketch: (isAppended && said.sketch) || null };
}

/** Of rows that nobody can take out by their file. */
function idDoubts({ ledger: { formerIds = null, index } }: JobFile): string[] {
  if (formerIds === null) return [];
  const what = `rows of this file were loaded into ${index} with LOAD.id ${formerIds} before, and those whose id is another one now are still there`;
  return [`${what}: they can't be told from others. Load all files into a new index (LOAD.index), and delete this one`];
}

/** Only to be looked at. */
async function deliveryDoubts({ context, dataset, file, said: { sketch } }: Conclusion): Promise<string[]> {
  if (sketch === undefined || dataset.settings.ON_CHANGE !== 'append') return [];
  const deliveries = await context.journal.deliveries(file.run.id).catch(() => []);
  const text = resemblanceText(sketch, deliveries, dataset.name);
  return text === undefined ? [] : [text];
}
