import { dirname } from 'node:path';
import { goodIndexName, whyBadIndexName } from '../../config/index-name.ts';
import { isRecord } from '../../config/tree.ts';
import { type Draft, leaveOut, literal, newDraft, set, setWithin, shown } from './draft.ts';
import { parametersOf } from './parameters.ts';
import { carryTransformers } from './steps.ts';

type Arguments = Record<string, unknown>;

/** Arguments of extractors that have a key in EXTRACT. */
const EXTRACT_KEYS: Record<string, string> = {
  sheet_name: 'sheet',
  skiprows: 'skip_rows',
  skip_rows: 'skip_rows',
  skipfooter: 'skip_footer',
  sep: 'delimiter',
  delimiter: 'delimiter',
  encoding: 'encoding',
  quotechar: 'quote',
  escapechar: 'escape',
};
const FORMATS: Record<string, string> = { CSVExtractor: 'csv', XLSExtractor: 'xls', XLSXExtractor: 'xlsx' };
/** What the original's loader appended where nothing was said. */
const DEFAULT_TIME_FREQ = '_%m_%Y';

/** One process of a pypel JSON: a dataset of its own. */
export interface PypelProcess {
  /** Empty where it has none. */
  name: string;
  draft: Draft;
}

/** A draft for each process of pypel's JSON, or of the original's parameters.json; undefined where it is neither. */
export function importPypel(json: unknown): PypelProcess[] | undefined {
  const file = isRecord(json) ? json : {};
  const named = parametersOf(file);
  const processes = named ?? listOf(file['Processes'] ?? json).filter(isRecord);
  if (named === undefined && !processes.some(isProcess)) return undefined;
  const { process: _, ...others } = file;
  return processes.map((process, position) => ({
    name: textOf(process['name']),
    draft: fromProcess(process, position === 0 ? others : pathOf(file)),
  }));
}

const PROCESS_KEYS = ['Extractor', 'Extractors', 'Transformer', 'Transformers', 'Loader', 'Loaders', 'todo'];

function isProcess(process: Arguments): boolean {
  return PROCESS_KEYS.some(key => Object.hasOwn(process, key));
}

/** What all processes of a file share. */
function pathOf({ path_to_data: path }: Arguments): Arguments {
  return path === undefined ? {} : { path_to_data: path };
}

function fromProcess(process: Arguments, file: Arguments): Draft {
  const draft = newDraft();
  const known = ['name', 'Processes', ...PROCESS_KEYS];
  carryFolder(draft, process, file);
  for (const extractor of listOf(process['Extractor'] ?? process['Extractors']))
    carryExtractor(draft, asArguments(extractor));
  const transformers = process['Transformers'] ?? process['Transformer'];
  carryTransformers(draft, isUnset(transformers) ? undefined : listOf(transformers).map(asArguments));
  for (const loader of listOf(process['Loader'] ?? process['Loaders'])) carryLoader(draft, asArguments(loader));
  for (const [key, value] of Object.entries({ ...file, ...process })) {
    if (key === 'path_to_data' || known.includes(key)) continue;
    leaveOut(draft, `${key} ${shown(key, value)}`, adviceOn(key));
  }
  return draft;
}

function adviceOn(key: string): string {
  if (/^elastic|^es_/i.test(key)) return 'put ELASTICSEARCH_NODE, _USERNAME and _PASSWORD into .env';
  return 'has no key here';
}

/** The folder to watch, and of a `todo` (a map of files to indices) the first index. */
function carryFolder(draft: Draft, process: Arguments, file: Arguments): void {
  const [todo, ...more] = isRecord(process['todo']) ? Object.entries(process['todo']) : [];
  const path = process['path_to_data'] ?? file['path_to_data'];
  const folder = typeof path === 'string' ? path : todo && dirname(todo[0]);
  const guess = `./data/in/${goodIndexName(textOf(process['name'])) ?? 'imported'}`;
  set(draft, 'WATCH_DIR', folder === undefined ? guess : literal(folder));
  if (folder === undefined) draft.warnings.push(`WATCH_DIR ${guess} is a guess; name the folder to watch`);
  if (todo !== undefined) carryIndex(draft, textOf(todo[1]));
  for (const [other, index] of more)
    leaveOut(draft, `todo ${other} ${shown('', index)}`, 'needs a YAML file of its own');
}

function carryExtractor(draft: Draft, { name, ...rest }: Arguments): void {
  const className = classOf(name);
  if (FORMATS[className] !== undefined) setWithin(draft, 'EXTRACT', 'format', FORMATS[className]);
  else if (!['Extractor', 'BaseExtractor', ''].includes(className))
    leaveOut(draft, `extractor ${textOf(name)}`, 'is not there');
  for (const [key, value] of Object.entries(rest)) {
    const extractKey = EXTRACT_KEYS[key];
    if (extractKey === undefined || isRecord(value) || Array.isArray(value) || value === null)
      leaveOut(draft, `extractor ${className} ${key} ${shown(key, value)}`, 'has no key in EXTRACT');
    else setWithin(draft, 'EXTRACT', extractKey, typeof value === 'string' ? literal(value) : value);
    if (extractKey === 'skip_rows')
      draft.warnings.push(
        `${key} ${shown(key, value)}: the original skipped one row more than asked in Excel files; add 1 if you relied on that`,
      );
  }
}

function carryLoader(draft: Draft, { name, ...rest }: Arguments): void {
  const className = classOf(name);
  if (!['Loader', 'CSVWriter', ''].includes(className))
    leaveOut(draft, `loader ${textOf(name)}`, 'is not there; rows go to LOAD.target');
  const { indice, index = indice, time_freq: timeFreq = DEFAULT_TIME_FREQ, overwrite, ...others } = rest;
  const mappings = others['es_mappings'] ?? others['mappings'];
  if (typeof index === 'string') carryIndex(draft, index);
  if (timeFreq !== '' && timeFreq !== null) setWithin(draft, 'LOAD', 'date_suffix', literal(textOf(timeFreq)));
  if (overwrite === true) setWithin(draft, 'LOAD', 'overwrite', true);
  if (isRecord(mappings))
    setWithin(draft, 'LOAD', 'mappings', isRecord(mappings['mappings']) ? mappings['mappings'] : mappings);
  for (const [key, value] of Object.entries(others)) {
    if ((key === 'es_mappings' || key === 'mappings') && isRecord(value)) continue;
    // What is off needs no word.
    if (isUnset(value) || value === false) continue;
    leaveOut(
      draft,
      `loader ${key} ${shown(key, value)}`,
      key === 'backup' ? 'rows are not written to a CSV; BACKUP_FILE keeps the files' : adviceOn(key),
    );
  }
}

function carryIndex(draft: Draft, index: string): void {
  const reason = whyBadIndexName(index);
  const good = reason === undefined ? index : (goodIndexName(index) ?? 'imported');
  if (reason !== undefined) draft.warnings.push(`index ${index}: ${reason}; ${good} is taken instead`);
  setWithin(draft, 'LOAD', 'index', good);
}

/** The last part of a dotted class name. */
function classOf(name: unknown): string {
  return textOf(name).split('.').at(-1) ?? '';
}

/** Text as it is, nothing as empty, anything else as JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
}

/** A class may be named without arguments, as text. */
function asArguments(value: unknown): Arguments {
  return isRecord(value) ? value : { name: value };
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : isUnset(value) ? [] : [value];
}
