import { basename, dirname } from 'node:path';
import type { Api } from '../api/options.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Environment } from '../config/environment.ts';
import { closedInboxes } from '../data-dir/inbox.ts';
import type { Journal } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { whenSampleEnds } from './sample.ts';

export interface GreetingOptions {
  environment: Environment;
  journal: Journal;
  api: Api;
  /** What is configured now, by name. */
  datasets(): ReadonlyMap<string, Dataset>;
  /** Path of the sample that was just put into a dataset's folder. */
  sample: string | undefined;
  logger: Logger;
  /** For links to sign in, which must not leave this machine; `logger` unless told. */
  localLogger?: Logger;
}

/** More would be a wall of text. */
const MOST_FOLDERS_TOLD = 5;

/**
 * Says in the log where the page is and where files go, and once the sample has been run where its rows are. Returns
 * how to stop waiting for that.
 */
export function greet(options: GreetingOptions): () => void {
  const { logger, localLogger = logger, environment, api, sample } = options;
  logger.info(`page and API: ${api.pageUrl}`, { 'url.full': api.pageUrl });
  if (environment.auth === 'on') {
    const link = api.signInLink();
    localLogger.info(`sign in by ${link} (once, within 15 minutes; later: npx --no orchestrator sign-in)`);
  }
  tellFolders(options);
  const closed = closedInboxes([...options.datasets().values()], environment.dataDir);
  if (closed !== undefined) logger.info(closed);
  return sample === undefined ? () => undefined : followSample(sample, options);
}

function tellFolders({ logger, environment, datasets, sample }: GreetingOptions): void {
  const folders = [...datasets().values()].map(({ name, watchDir }) => `${name}: ${watchDir}`);
  if (sample !== undefined) {
    logger.info(`a sample, to begin with, was put into ${dirname(sample)}: ${basename(sample)}`);
  } else if (folders.length === 0) {
    logger.warn(
      `no dataset yet: write one to ${environment.configDir}/<dataset>.yaml; examples are in its folder examples/`,
    );
  } else if (folders.length > MOST_FOLDERS_TOLD) {
    logger.info(`${folders.length} datasets are watched; the page shows their folders`);
  } else {
    logger.info(`copy your files into the folder of a dataset: ${folders.join(' · ')}`);
  }
}

/** What a newcomer wants to know once the sample has been run. */
function followSample(sample: string, { logger, environment, journal, api, datasets }: GreetingOptions): () => void {
  return whenSampleEnds(journal, sample, ({ dataset, state, index }) => {
    const isInLake = datasets().get(dataset)?.settings.LOAD.target === 'lake';
    const rows = isInLake
      ? `at ${api.pageUrl}/#rows=${dataset}`
      : `in the index ${index} of ${environment.elasticsearch?.nodes.join(', ')}`;
    if (state === 'done') logger.info(`that was a sample; see its rows ${rows}`);
    logger.info(`now copy files of your own into ${dirname(sample)}`);
  });
}
