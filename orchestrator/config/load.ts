import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import { findContradictions } from './checks.ts';
import type { Dataset } from './dataset.ts';
import { compose, type Mistake, severityOf, sortMistakes } from './messages.ts';
import { resolveDataset } from './resolve.ts';
import type { Settings } from './schema.ts';
import { looksSecret } from './secrets.ts';
import { isMapOrEmpty, type Problem, type ReadSource, readSource, type Source } from './source.ts';
import type { Variables } from './substitute.ts';
import { mergeTrees, type Origin, pathOf, pointerOf, pointersOf, readTree, type Tree } from './tree.ts';
import { type Finding, findSchemaErrors, kindsAt, withoutPointers, withoutUnset } from './validate.ts';

/** A configuration as it was found: what can be used of it, and all that is wrong with the rest. */
export interface Loaded {
  /** By name; those without a mistake. */
  datasets: Dataset[];
  /** Names of datasets that have a file, and a mistake. */
  broken: string[];
  errors: Mistake[];
  warnings: Mistake[];
  /** Absolute paths of the files that `${file:…}` names. */
  referencedFiles: string[];
  /** Why CONFIG_DIR could not be listed, so that nothing is known of the datasets; else null. */
  unreadable: string | null;
}

/** One YAML file, with its name as a dataset's. */
interface ConfigFile {
  name: string;
  path: string;
  shown: string;
}

interface Context {
  configDir: string;
  root: string;
  env: Variables;
}

const YAML_ENDINGS = ['.yaml', '.yml'];
const DEFAULTS_NAME = '_defaults';
const DATASET_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u;

/**
 * Reads `<configDir>/<dataset>.yaml`, each with `_defaults.yaml` under it. Files that begin with a dot or `_` are no datasets.
 * Relative paths are from `root`, by default the folder that holds `configDir`. Never throws for what is in the files.
 */
export async function loadDatasets(
  configDir: string,
  env: Variables,
  root: string = dirname(resolve(configDir)),
): Promise<Loaded> {
  const context: Context = { configDir: resolve(configDir), root: resolve(root), env };
  const loaded: Loaded = {
    datasets: [],
    broken: [],
    errors: [],
    warnings: [],
    referencedFiles: [],
    unreadable: null,
  };
  try {
    await loadFiles(await listFiles(context), context, loaded);
  } catch (error) {
    loaded.unreadable = codeOf(error) ?? messageOf(error);
    loaded.errors.push(unlistable(context, loaded.unreadable));
  }
  loaded.errors = sortMistakes(loaded.errors);
  loaded.warnings = sortMistakes(loaded.warnings);
  return loaded;
}

async function listFiles(context: Context): Promise<ConfigFile[]> {
  const names = await readdir(context.configDir);
  return names
    .filter(name => YAML_ENDINGS.includes(extname(name)) && !name.startsWith('.'))
    .sort()
    .map(name => {
      const path = join(context.configDir, name);
      return { name: basename(name, extname(name)), path, shown: shownPath(path, context.root) };
    });
}

/** Relative to the project's root where it lies below. */
function shownPath(path: string, root: string): string {
  const fromRoot = relative(root, path);
  return fromRoot.startsWith('..') || isAbsolute(fromRoot) ? path : fromRoot;
}

function unlistable({ configDir, root }: Context, reason: string): Mistake {
  const code = 'unreadable-file';
  const place = { file: shownPath(configDir, root), line: 1, column: 1, dataset: null };
  return { ...place, code, severity: 'error', message: compose(code, reason) };
}

async function loadFiles(files: ConfigFile[], context: Context, loaded: Loaded): Promise<void> {
  const defaults = await readDefaults(files, context, loaded);
  const seen = new Map<string, ConfigFile>();
  for (const file of files.filter(({ name }) => !name.startsWith('_'))) {
    const earlier = seen.get(file.name);
    if (earlier === undefined) await loadFile(file, defaults, context, loaded);
    else loaded.errors.push(duplicate(file, earlier));
    seen.set(file.name, earlier ?? file);
  }
}

function duplicate(file: ConfigFile, earlier: ConfigFile): Mistake {
  const code = 'duplicate-dataset';
  const place = { file: file.shown, line: 1, column: 1, dataset: file.name };
  return { ...place, code, severity: 'error', message: compose(code, file.name, earlier.shown) };
}

/** _defaults.yaml is judged by itself too, so that its mistakes show without a dataset. */
async function readDefaults(files: ConfigFile[], context: Context, loaded: Loaded): Promise<ParsedFile> {
  const found = files.filter(({ name }) => name === DEFAULTS_NAME);
  const [file, second] = found;
  if (file === undefined) return { source: undefined, tree: emptyTree(), isIntact: true };
  if (second !== undefined) loaded.errors.push({ ...duplicate(second, file), dataset: null });
  const parsed = await parseFile(file, context, loaded, null);
  const shape = withoutUnset(parsed.tree.value);
  const unsubstituted = findUnsubstituted(shape, parsed.tree);
  const findings = findSchemaErrors(shape, show(parsed.tree)).filter(({ pointer }) => !unsubstituted.has(pointer));
  for (const finding of findings) loaded.errors.push(locate(finding, parsed.tree, parsed.source!, null));
  return parsed;
}

interface ParsedFile {
  source: Source | undefined;
  tree: Tree;
  /** Whether the tree is all that the file holds. */
  isIntact: boolean;
}

function emptyTree(): Tree {
  return { value: {}, origins: new Map(), problems: [], files: [] };
}

async function parseFile(
  file: ConfigFile,
  { env, root }: Context,
  loaded: Loaded,
  dataset: string | null,
): Promise<ParsedFile> {
  const read = checkShape(await readSource(file.path, file.shown));
  const tree = read.intact ? readTree(read.source, { env, root, kindsAt }) : emptyTree();
  loaded.referencedFiles.push(...tree.files);
  const problems = [...read.problems, ...tree.problems];
  loaded.errors.push(...problems.map(problem => toMistake(problem, dataset)));
  return { source: read.source, tree, isIntact: problems.length === 0 };
}

function checkShape(read: ReadSource): ReadSource {
  if (!read.intact || isMapOrEmpty(read.source)) return read;
  const { source } = read;
  const offset = (source.document.contents as { range?: [number, number, number] | null }).range?.[0] ?? 0;
  const problem: Problem = { code: 'not-a-map', message: compose('not-a-map'), source, offset };
  return { source, problems: [...read.problems, problem], intact: false };
}

function toMistake({ code, message, source, offset }: Problem, dataset: string | null): Mistake {
  return { severity: severityOf(code), code, dataset, file: source.shown, ...source.positionAt(offset), message };
}

async function loadFile(file: ConfigFile, defaults: ParsedFile, context: Context, loaded: Loaded): Promise<void> {
  const own = await parseFile(file, context, loaded, file.name);
  const merged = mergeTrees(defaults.tree, own.tree);
  const findings = own.isIntact || own.tree.origins.size > 0 ? findAll(file, merged, own, context) : [];
  const mistakes = findings.map(finding => locate(finding, merged, own.source!, file.name));
  loaded.errors.push(...mistakes.filter(({ severity }) => severity === 'error'));
  loaded.warnings.push(...mistakes.filter(({ severity }) => severity === 'warning'));
  const isBroken = !own.isIntact || !defaults.isIntact || mistakes.some(({ severity }) => severity === 'error');
  if (isBroken) loaded.broken.push(file.name);
  else loaded.datasets.push(toDataset(file, merged, context));
}

/** Everything wrong with the values: against the schema first, and what is left by the checks. */
function findAll(file: ConfigFile, merged: Tree, own: ParsedFile, context: Context): Finding[] {
  const value = withoutUnset(merged.value);
  const unsubstituted = findUnsubstituted(value, merged);
  const findings = findSchemaErrors(value, show(merged)).filter(({ pointer }) => !unsubstituted.has(pointer));
  if (!DATASET_NAME.test(file.name)) findings.push(badName(file.name));
  if (value['WATCH_DIR'] === undefined) findings.push(missingFolder(file.name));
  const wrong = new Set([...findings.map(({ pointer }) => pointer), ...unsubstituted]);
  const settings = withoutPointers(value, wrong) as Partial<Settings>;
  return [
    ...findings,
    ...findContradictions({
      name: file.name,
      settings,
      root: context.root,
      configFolder: join(context.configDir, file.name),
      shownFolder: shownPath(join(context.configDir, file.name), context.root),
      target: targetOf(settings, context.env),
      hasElasticsearch: Boolean(context.env['ELASTICSEARCH_NODE']),
      isOwn: pointer => merged.origins.get(pointer)?.source === own.source,
    }),
  ];
}

/** Pointers of values that are told to be wrong already, since what they refer to is not there. */
function findUnsubstituted(value: unknown, { problems, origins }: Tree): Set<string> {
  return new Set(pointersOf(value).filter(pointer => problems.some(problem => isAt(problem, origins.get(pointer)))));
}

function isAt(problem: Problem, origin: Origin | undefined): boolean {
  return origin?.source === problem.source && origin.valueAt === problem.offset;
}

function badName(name: string): Finding {
  const code = 'bad-dataset-name';
  return { code, message: compose(code, name), pointer: '', at: 'key' };
}

function missingFolder(name: string): Finding {
  const code = 'missing-key';
  return { code, message: compose(code, 'WATCH_DIR', `./data/in/${name}`), pointer: '/WATCH_DIR', at: 'key' };
}

function targetOf({ LOAD }: Partial<Settings>, env: Variables): 'elasticsearch' | 'lake' {
  return LOAD?.target ?? (env['ELASTICSEARCH_NODE'] ? 'elasticsearch' : 'lake');
}

/** The place of a finding: of its value, or of the nearest thing around it that is in a file; else the file's first line. */
function locate(
  { pointer, at, code, message }: Finding,
  tree: Tree,
  fallback: Source,
  dataset: string | null,
): Mistake {
  const path = pathOf(pointer);
  let origin = tree.origins.get(pointer);
  while (origin === undefined && path.length > 1) {
    path.pop();
    origin = tree.origins.get(pointerOf(path));
  }
  const severity = severityOf(code);
  if (origin === undefined || pointer === '')
    return { severity, code, dataset, file: fallback.shown, line: 1, column: 1, message };
  const place = origin.source.positionAt(at === 'key' ? origin.keyAt : origin.valueAt);
  return { severity, code, dataset, file: origin.source.shown, ...place, message };
}

/** Values as JSON, but no secrets: those that came by substitution are shown as they were written. */
function show(tree: Tree): (pointer: string, value: unknown) => string {
  return (pointer, value) => {
    const origin = tree.origins.get(pointer);
    if (origin?.written !== undefined) return `what ${origin.written} gives`;
    if (pathOf(pointer).some(looksSecret) || (origin?.secrets.length ?? 0) > 0) return 'not shown';
    if (value === '') return 'empty';
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 79)}…` : text;
  };
}

function toDataset(file: ConfigFile, merged: Tree, context: Context): Dataset {
  const settings = withoutUnset(merged.value) as Partial<Settings>;
  return resolveDataset({
    name: file.name,
    configFile: file.path,
    configFolder: join(context.configDir, file.name),
    root: context.root,
    settings,
    target: targetOf(settings, context.env),
    secrets: pointersOf(settings).flatMap(pointer => merged.origins.get(pointer)?.secrets ?? []),
  });
}
