import { rowsLink, rowsOfLoad } from '../kibana/links/links.ts';
import { ShownDatasets } from '../kibana/push/shown-datasets.ts';
import type { Run } from '../journal/journal.ts';
import type { CommandDeps } from './deps.ts';

/** Where browsers find the rows of a run in Kibana; null where its dataset has nothing there, as far as is known. */
export async function rowsLinkOf(deps: CommandDeps, run: Run): Promise<string | null> {
  const settings = deps.kibana();
  if (settings === null) return null;
  const datasets = new ShownDatasets(deps.dataDir(), settings);
  await datasets.load();
  const shown = datasets.of(run.dataset);
  const configured = (await deps.config()).datasets.find(({ name }) => name === run.dataset);
  if (shown === null || configured === undefined) return null;
  return rowsLink(settings, shown, run, rowsOfLoad(configured.settings.LOAD));
}
