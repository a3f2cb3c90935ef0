import { join } from 'node:path';
import { defaultTarget } from '../../default-etl/contract/contract.ts';
import { codeOf, messageOf } from '../errors.ts';
import { SecretCount } from './secret-count.ts';
import { FILE_DEADLINE_MS } from './bounds.ts';
import { type Candidate, findContradictions } from './checks.ts';
import {
  type AllRoom,
  type ConfigFile,
  DEFAULTS_NAME,
  hasRoom,
  listFiles,
  roomOfAll,
  unlistable,
  withoutRoom,
} from './config-files.ts';
import type { StoredDataset } from './dataset.ts';
import { findForbidden } from './judge.ts';
import { atMost, locate, show, toMistake, withoutSecrets } from './locate.ts';
import { compose, type Mistake, ofFile, severityOf, sortMistakes } from './messages.ts';
import { type Places, shownPath } from './places.ts';
import { type Policy, readPolicy } from './policy.ts';
import { Unreadable } from './read-text.ts';
import { nothingRead, type ReadConfig, type ReadRequest } from './reading.ts';
import { resolveDataset } from './resolve.ts';
import { type DatasetRights, rightsOf } from './rights.ts';
import type { Settings } from './schema.ts';
import {
  isMapOrEmpty,
  noBlank,
  type SourceMistake,
  type ReadSource,
  readSource,
  type Source,
  unread,
  withoutBlank,
} from './source.ts';
import type { Variables } from './substitute.ts';
import { mergeTrees, type Origin, pointersOf, readTree, type Room, type Tree } from './tree.ts';
import { type Finding, findSchemaErrors, kindsAt, withoutPointers, withoutUnset } from './validate.ts';

interface Context extends Places, AllRoom {
  env: Variables;
  policy: Policy;
  tooSlow: readonly string[];
  unfinished: readonly string[];
  notFrom: string | null;
  secrets: SecretCount;
}

const DATASET_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u;

/**
 * Reads the policy, and `<configDir>/<dataset>.yaml`, each with `_defaults.yaml` under it. Files that begin with a dot
 * or `_` are no datasets. `begin` is told each file before it is read. Never throws for what is in the files.
 */
export function readConfig(request: ReadRequest, begin: (path: string) => void): ReadConfig {
  const { places, env, formerPolicy, tooSlow, unfinished, notFrom, allDeadlineMs } = request;
  begin(places.policyFile);
  const { policy: found, mistakes } = readPolicy(places);
  const policy = found ?? formerPolicy;
  const loaded: ReadConfig = {
    ...nothingRead(),
    errors: [...mistakes],
    policy,
    isPolicyStale: found === null,
  };
  if (policy === null) return loaded;
  const context: Context = {
    ...places,
    ...roomOfAll(allDeadlineMs),
    env,
    policy,
    tooSlow,
    unfinished,
    notFrom,
    secrets: new SecretCount(),
  };
  try {
    loadFiles(listFiles(context), context, loaded, begin);
  } catch (error) {
    loaded.unreadable = codeOf(error) ?? messageOf(error);
    loaded.errors.push(unlistable(context, error));
  }
  loaded.datasets.sort((a, b) => (a.configFile < b.configFile ? -1 : 1));
  loaded.referencedFiles = [...new Set(loaded.referencedFiles)];
  loaded.errors = sortMistakes(loaded.errors);
  loaded.warnings = sortMistakes(loaded.warnings);
  return loaded;
}

function loadFiles(files: ConfigFile[], context: Context, loaded: ReadConfig, begin: (path: string) => void): void {
  const defaults = readDefaults(files, context, loaded, begin);
  const seen = new Map<string, ConfigFile>();
  for (const file of files.filter(({ name }) => !name.startsWith('_'))) {
    const earlier = seen.get(file.name);
    if (earlier === undefined) seen.set(file.name, file);
    else loaded.errors.push(duplicate(file, earlier, file.name));
  }
  // So that nobody's big files leave nothing for the small ones of others.
  const inOrder = [...seen.values()].sort((a, b) => a.size - b.size);
  const end = inOrder.findIndex(({ path }) => path === context.notFrom);
  for (const [index, file] of inOrder.entries()) {
    if (context.unfinished.includes(file.path)) {
      loaded.unfinished.push(file.name);
      continue;
    }
    if ((end !== -1 && index >= end) || !hasRoom(file, defaults.taken, context)) {
      loaded.errors.push(withoutRoom(file));
      loaded.broken.push(file.name);
      continue;
    }
    begin(file.path);
    loadFile(file, defaults, context, loaded);
  }
}

function duplicate({ name, shown }: ConfigFile, earlier: ConfigFile, dataset: string | null): Mistake {
  return ofFile(shown, dataset, 'duplicate-dataset', name, earlier.shown);
}

/** _defaults.yaml is judged by itself too, so that its mistakes show without a dataset. */
function readDefaults(
  files: ConfigFile[],
  context: Context,
  loaded: ReadConfig,
  begin: (path: string) => void,
): ParsedFile {
  const found = files.filter(({ name }) => name.toLowerCase() === DEFAULTS_NAME);
  const [file, second] = found;
  if (file === undefined)
    return { source: undefined, tree: emptyTree(), isIntact: true, taken: { values: 0, characters: 0 } };
  if (second !== undefined) loaded.errors.push(duplicate(second, file, null));
  begin(file.path);
  const parsed = parseFile(file, context, loaded, { dataset: null, rights: rightsOf(context.policy, context, null) });
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
  /** Of the room of all files. */
  taken: Room;
}

function emptyTree(): Tree {
  return { value: {}, origins: new Map(), mistakes: [], files: [] };
}

interface Reader {
  dataset: string | null;
  rights: DatasetRights;
}

function parseFile(file: ConfigFile, context: Context, loaded: ReadConfig, { dataset, rights }: Reader): ParsedFile {
  const { env, root, room } = context;
  const before = { ...room };
  const read = checkShape(readAllowed(file, context, rights));
  room.bytes -= read.source.text.length;
  const tree = read.intact ? readTree(read.source, { env, root, rights, kindsAt, room }) : emptyTree();
  loaded.referencedFiles.push(...tree.files);
  const mistakes = [...read.mistakes, ...tree.mistakes];
  loaded.errors.push(...atMost(mistakes.map(mistake => toMistake(mistake, dataset))));
  const taken = { values: before.values - room.values, characters: before.characters - room.characters };
  return { source: read.source, tree, isIntact: mistakes.length === 0, taken };
}

/** A file that took too long is not read again; a link must not lead where nobody writes datasets. */
function readAllowed(file: ConfigFile, { tooSlow }: Context, rights: DatasetRights): ReadSource {
  if (!tooSlow.includes(file.path)) {
    return readSource(file.path, file.shown, realPath => {
      const refusal = rights.path('yaml_folders', file.shown, realPath);
      if (refusal !== undefined) throw new Unreadable(refusal.message);
    });
  }
  return unread(file.path, file.shown, { code: 'too-slow', message: compose('too-slow', FILE_DEADLINE_MS / 1000) });
}

function checkShape(read: ReadSource): ReadSource {
  if (!read.intact || isMapOrEmpty(read.source)) return read;
  const { source } = read;
  const offset = (source.document.contents as { range?: [number, number, number] | null }).range?.[0] ?? 0;
  const key = withoutBlank(source.text.slice(offset));
  const mistake: SourceMistake =
    key === undefined
      ? { code: 'not-a-map', message: compose('not-a-map'), source, offset }
      : { code: 'yaml-syntax', message: compose('yaml-syntax', noBlank(key), ''), source, offset };
  return { source, mistakes: [...read.mistakes, mistake], intact: false };
}

function loadFile(file: ConfigFile, defaults: ParsedFile, context: Context, loaded: ReadConfig): void {
  const rights = rightsOf(context.policy, context, file.name);
  const own = parseFile(file, context, loaded, { dataset: file.name, rights });
  context.room.values -= defaults.taken.values;
  context.room.characters -= defaults.taken.characters;
  const merged = mergeTrees(defaults.tree, own.tree);
  const judged = own.isIntact || own.tree.origins.size > 0 ? judge(file, merged, own, rights, context) : undefined;
  const findings = judged?.findings ?? [];
  const isWrong = !own.isIntact || findings.some(({ code }) => severityOf(code) === 'error');
  const tooMany = isWrong ? [] : context.secrets.find(merged.origins);
  const located = [...withoutSecrets(findings, merged), ...tooMany].map(finding =>
    locate(finding, merged, own.source!, file.name),
  );
  const mistakes = atMost(sortMistakes(located));
  loaded.errors.push(...mistakes.filter(({ severity }) => severity === 'error'));
  loaded.warnings.push(...mistakes.filter(({ severity }) => severity === 'warning'));
  const isBroken = !own.isIntact || !defaults.isIntact || mistakes.some(({ severity }) => severity === 'error');
  if (isBroken || judged === undefined) loaded.broken.push(file.name);
  else loaded.datasets.push(toDataset(file, judged.candidate, merged, rights, context));
}

interface Judged {
  findings: Finding[];
  /** Without the values that are wrong. */
  candidate: Candidate;
}

/** Finds everything wrong with the values: against the schema first, and what is left by the checks. */
function judge(file: ConfigFile, merged: Tree, own: ParsedFile, rights: DatasetRights, context: Context): Judged {
  const value = withoutUnset(merged.value);
  const unsubstituted = findUnsubstituted(value, merged);
  const findings = findSchemaErrors(value, show(merged)).filter(({ pointer }) => !unsubstituted.has(pointer));
  if (!DATASET_NAME.test(file.name)) findings.push(badName(file.name));
  if (value['WATCH_DIR'] === undefined) findings.push(missingFolder(file.name));
  const wrong = new Set([...findings.map(({ pointer }) => pointer), ...unsubstituted]);
  const settings = withoutPointers(value, wrong) as Partial<Settings>;
  const configFolder = join(context.configDir, file.name);
  const candidate = {
    name: file.name,
    settings,
    root: context.root,
    configFolder,
    shownFolder: shownPath(configFolder, context.root),
    target: settings.LOAD?.target ?? defaultTarget(context.env),
    isSet: (variable: string) => Boolean(context.env[variable]),
    isOwn: (pointer: string) => merged.origins.get(pointer)?.source === own.source,
  };
  const forbidden = findForbidden(candidate, context.policy, rights, context.env['ELASTICSEARCH_NODE']);
  return { findings: [...findings, ...findContradictions(candidate), ...forbidden], candidate };
}

/** Pointers of values that are told to be wrong already, since what they refer to is not there. */
function findUnsubstituted(value: unknown, { mistakes, origins }: Tree): Set<string> {
  return new Set(pointersOf(value).filter(pointer => mistakes.some(mistake => isAt(mistake, origins.get(pointer)))));
}

function isAt(mistake: SourceMistake, origin: Origin | undefined): boolean {
  return origin?.source === mistake.source && origin.valueAt === mistake.offset;
}

function badName(name: string): Finding {
  const code = 'bad-dataset-name';
  return { code, message: compose(code, name), pointer: '', at: 'key' };
}

function missingFolder(name: string): Finding {
  const code = 'missing-key';
  return { code, message: compose(code, 'WATCH_DIR', `./data/in/${name}`), pointer: '/WATCH_DIR', at: 'key' };
}

function toDataset(
  { path }: ConfigFile,
  candidate: Candidate,
  { origins }: Tree,
  rights: DatasetRights,
  { policy }: Context,
): StoredDataset {
  return resolveDataset({
    ...candidate,
    configFile: path,
    policy: policy.settings,
    rights,
    secrets: pointersOf(candidate.settings).flatMap(pointer => origins.get(pointer)?.secrets ?? []),
  });
}
