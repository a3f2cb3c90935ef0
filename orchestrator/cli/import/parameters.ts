import { posix } from 'node:path';
import { isRecord } from '../../config/tree.ts';

type Arguments = Record<string, unknown>;

/** What the original's default ETL was told where nothing else was. */
const DEFAULT_FOLDER = './data/in';
/** The one class that has no code of its own. */
const PLAIN_CLASS = /^(pypel\.)?Process$/;

/**
 * The processes of the original's own parameters.json, as those of a pypel JSON: `{process: {NAME: {class, path,
 * index_pattern}}}`, or `{Processes: {NAME: {path, indice, sheet_name}}}`. `path` is below the folder of the data; the
 * index got no date. Undefined where it is none.
 */
export function parametersOf(file: Arguments): Arguments[] | undefined {
  const named = file['process'] ?? file['Processes'];
  if (!isRecord(named)) return undefined;
  return Object.entries(named).map(([name, value]) => asProcess(name, isRecord(value) ? value : {}, file));
}

function asProcess(name: string, process: Arguments, file: Arguments): Arguments {
  const { path, class: className, index_pattern: pattern, indice = pattern, sheet_name: sheet, ...others } = process;
  const root = typeof file['path_to_data'] === 'string' ? file['path_to_data'] : DEFAULT_FOLDER;
  const isPlain = className === undefined || (typeof className === 'string' && PLAIN_CLASS.test(className));
  return {
    name,
    path_to_data: posix.join(root, typeof path === 'string' ? path : name).replace(/^data\//, './data/'),
    Extractor: sheet === undefined ? {} : { sheet_name: sheet },
    Loader: { time_freq: '', ...(indice === undefined ? {} : { indice }) },
    ...(isPlain ? {} : { class: className }),
    ...others,
  };
}
