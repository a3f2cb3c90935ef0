import { join } from 'node:path';
import { isWithin } from '../files/within.ts';
import { compose } from './messages.ts';
import { decidingGlob, decidingPath, forbiddenFolders, isAllowing } from './patterns.ts';
import { type Places, realPathOf } from './places.ts';
import type { Policy } from './policy.ts';
import type { PolicySettings } from './policy-schema.ts';
import { looksSecret, urlPasswords } from './secrets.ts';
import type { Refusal, Rights } from './substitute.ts';

/** Rules that are lists. */
export type ListRule = {
  [Rule in keyof PolicySettings]: PolicySettings[Rule] extends string[] ? Rule : never;
}[keyof PolicySettings];

/** Rules about paths. */
export type PathRule = 'folders' | 'volumes' | 'commands' | 'modules' | 'files' | 'yaml_folders';

/** What one dataset may do by the policy. Each gives the message why not, or undefined. */
export interface DatasetRights extends Rights {
  /** A text against a list of globs. `key` and `what` name it in the message. */
  text(rule: ListRule, key: string, what: string): Refusal;
  /** A path against a list of paths, as it is written and with its links followed. */
  path(rule: PathRule, key: string, path: string): Refusal;
  /** A refusal by a rule. */
  refuse(rule: string, key: string, what: string): Refusal;
  /** What is asked for against a rule that is a number. */
  most(rule: string, key: string, asked: { isMore: boolean; shown: string; most: string }): Refusal;
  /** What a rule says of paths, to be asked again later. */
  bounds(rule: PathRule): PathBounds;
}

const KEPT_FOR_DATASETS = ['in', 'backup', 'quarantine'];
/** They hold the orchestrator's own passwords and keys. */
const OWN_SECRETS = ['ELASTICSEARCH_PASSWORD', 'ELASTICSEARCH_API_KEY', 'KIBANA_PASSWORD', 'KIBANA_API_KEY'];
const ALSO_SECRET = /(^|_)(KEY|PAT|AUTH|COOKIE|SALT|DSN|JWT|PIN|CERT|SIGNATURE)(_|$)/i;
const LONGEST_LIST = 100;

/** The rights of a dataset by name; null for what no dataset's name is known of. */
export function rightsOf({ settings, file }: Policy, places: Places, name: string | null): DatasetRights {
  const patternsOf = pathPatterns(settings, places, name);

  /** The message names the pattern that takes it back, else all that is allowed. */
  function refuse(rule: string, key: string, what: string, deciding?: string): Refusal {
    const list = settings[rule as ListRule];
    const shown = deciding ?? (Array.isArray(list) ? `[${list.join(', ')}]` : String(list));
    const short = shown.length > LONGEST_LIST ? `${shown.slice(0, LONGEST_LIST)}…` : shown;
    return { code: 'not-allowed', message: compose('not-allowed', key, what, file, rule, short) };
  }

  function judgeText(globs: readonly string[], rule: ListRule, key: string, what: string): Refusal {
    const deciding = decidingGlob(globs, what);
    return isAllowing(deciding) ? undefined : refuse(rule, key, what, deciding);
  }

  let own: OwnPaths | undefined;
  function bounds(rule: PathRule): PathBounds {
    own ??= ownOf(places);
    return { rule, patterns: patternsOf(rule), own };
  }

  return {
    bounds,
    text(rule, key, what) {
      const globs = settings[rule].map(glob => glob.replaceAll('{dataset}', name ?? ''));
      return judgeText(globs, rule, key, what);
    },
    refuse,
    path(rule, key, path) {
      const why = whyForbidden(path, bounds(rule));
      if (why === undefined) return undefined;
      const shown = why.real === path ? path : `${path}, which is ${why.real},`;
      return why.reason === null ? refuse(rule, key, shown, why.deciding) : never(key, shown, why.reason);
    },
    most(rule, key, { isMore, shown, most }) {
      return isMore
        ? { code: 'above-limit', message: compose('above-limit', key, shown, file, rule, most) }
        : undefined;
    },
    variable(variable, value) {
      const isOwn = OWN_SECRETS.includes(variable);
      const isSecret = looksSecret(variable) || ALSO_SECRET.test(variable) || urlPasswords(value).length > 0;
      const globs = settings.variables.filter(glob =>
        isOwn ? glob === variable : !isSecret || glob.startsWith('!') || !/^\*+$/.test(glob),
      );
      const what = isOwn || isSecret ? `${variable}, which looks like a secret,` : variable;
      return isAllowing(decidingGlob(globs, variable)) ? undefined : refuse('variables', `\${${variable}}`, what);
    },
    file(path, written) {
      return this.path('files', `\${file:${written}}`, path);
    },
  };
}

/**
 * The patterns of each rule, words filled in for one dataset: each as it is written, and with its links followed. They
 * are kept, as looking at them all takes a millisecond.
 */
function pathPatterns(
  settings: PolicySettings,
  { root, configDir, dataDir }: Places,
  name: string | null,
): (rule: PathRule) => readonly string[] {
  const known = new Map<PathRule, readonly string[]>();
  const words: Record<string, string> = {
    '{config}': name === null ? configDir : join(configDir, name),
    '{config_dir}': configDir,
    '{data}': dataDir,
    '{root}': root,
  };

  function fill(pattern: string): string[] {
    const sign = pattern.startsWith('!') ? '!' : '';
    const filled = pattern.slice(sign.length).replace(/\{\w+\}/g, word => words[word] ?? word);
    const isName = !filled.includes('/') && !filled.startsWith('*') && !pattern.startsWith('{');
    const path = filled.startsWith('/') || filled.startsWith('*') || isName ? filled : join(root, filled);
    const real = path.includes('*') || isName ? path : realPathOf(path);
    return real === path ? [sign + path] : [sign + path, sign + real];
  }

  return rule => {
    const isUsable = (pattern: string) => pattern !== '{root}' || !isSystemFolder(root, settings[rule]);
    const patterns = known.get(rule) ?? settings[rule].filter(isUsable).flatMap(fill);
    known.set(rule, patterns);
    return patterns;
  };
}

/** A refusal whatever the policy says. */
export function never(key: string, what: string, why: string): Refusal {
  return { code: 'never-allowed', message: compose('never-allowed', key, what, why) };
}

/**
 * Whether all that a rule keeps from others would be given by allowing the project's root: CONFIG_DIR may be
 * /etc/orchestrator.
 */
function isSystemFolder(root: string, patterns: readonly string[]): boolean {
  return root === '/' || forbiddenFolders(patterns).some(folder => isWithin(folder, root));
}

/** What one rule says of paths, as plain values. */
export interface PathBounds {
  rule: PathRule;
  patterns: readonly string[];
  own: OwnPaths;
}

/**
 * What the orchestrator keeps for itself: real paths. Of DATA_DIR the folders `in`, `backup` and `quarantine` are the
 * datasets'.
 */
export interface OwnPaths {
  paths: readonly string[];
  dataDir: string;
}

function ownOf({ configDir, policyFile, own, dataDir }: Places): OwnPaths {
  return { paths: [configDir, policyFile, ...own].map(realPathOf), dataDir: realPathOf(dataDir) };
}

/**
 * Why a path is not to be used, links followed; undefined where it may. `reason` is null where the rule's list says so:
 * then `deciding` is the pattern that takes it back, if one does.
 */
export function whyForbidden(
  path: string,
  { rule, patterns, own }: PathBounds,
): { real: string; reason: string | null; deciding: string | undefined } | undefined {
  const real = realPathOf(path);
  for (const one of [path, real]) {
    const deciding = decidingPath(patterns, one);
    if (!isAllowing(deciding)) return { real, reason: null, deciding };
  }
  const reason = rule === 'folders' || rule === 'volumes' ? whyNever(real, patterns, own) : undefined;
  return reason === undefined ? undefined : { real, reason, deciding: undefined };
}

/** Why a folder can't be given, whatever the policy says: it is the orchestrator's own, or holds what is forbidden. */
function whyNever(folder: string, patterns: readonly string[], { paths, dataDir }: OwnPaths): string | undefined {
  const isForDatasets = KEPT_FOR_DATASETS.some(name => isWithin(folder, join(dataDir, name)));
  for (const path of [...paths, ...(isForDatasets ? [] : [dataDir])]) {
    if (isWithin(folder, path)) return `${path} is the orchestrator's own`;
    if (isWithin(path, folder)) return `it holds ${path}, which is the orchestrator's own; name a folder below`;
  }
  const held = forbiddenFolders(patterns).find(
    path => path !== folder && isWithin(path, folder) && !isAllowing(decidingPath(patterns, path)),
  );
  return held && `it holds ${held}, which the policy forbids; name a folder below`;
}
