import type { PreviewMessage } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import { loadOfEtl } from '../config/load-schema.ts';
import { runsModules } from '../config/receivers.ts';
import { OrchestratorError } from '../errors.ts';
import { askEtl } from './ask.ts';

export interface PreviewQuestion {
  /** Absolute. */
  file: string;
  /** Whose EXTRACT and TRANSFORM count; undefined for the defaults. */
  dataset: Dataset | undefined;
  rows: number;
  signal: AbortSignal;
}

/** How the default ETL would read a file. Throws an OrchestratorError `never` with its reason where it can't. */
export async function askPreview({ file, dataset, rows, signal }: PreviewQuestion): Promise<PreviewMessage> {
  const parts: Buffer[] = [];
  const args = ['--preview', `--rows=${rows}`, { file }];
  const folders = [dataset?.configFolder].filter(folder => folder !== undefined);
  const hasModules = dataset !== undefined && runsModules(dataset.settings);
  const question = { args, environment: environmentOf(dataset), folders, runsModules: hasModules, signal };
  for await (const part of askEtl(question)) parts.push(part);
  const message = JSON.parse(Buffer.concat(parts).toString()) as PreviewMessage;
  if (message.type === 'preview') return message;
  throw new OrchestratorError('bug', `the default ETL answered ${JSON.stringify(message).slice(0, 200)}`);
}

/** What a run of the dataset gets of its configuration that says how to read. */
function environmentOf(dataset: Dataset | undefined): Record<string, string> {
  if (dataset === undefined) return {};
  const { EXTRACT, TRANSFORM, LOAD } = dataset.settings;
  const settings = { EXTRACT, TRANSFORM, LOAD: loadOfEtl(LOAD) };
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  const texts = { DATASET: dataset.name, CONFIG_FILES: dataset.configFolder };
  return { ...texts, ...Object.fromEntries(set.map(([key, value]) => [key, JSON.stringify(value)])) };
}
