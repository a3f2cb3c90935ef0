import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RE2JSSyntaxException } from 're2js';
import { targetOf } from '../../default-etl/contract/contract.ts';
import { LONGEST_REGEX, MOST_REGEX_PROGRAM } from './bounds.ts';
import { checkValues } from './check-values.ts';
import { goodIndexName, whyBadIndexName } from './index-name.ts';
import { compose, type MessageCode, type MESSAGES } from './messages.ts';
import { realPathOf } from './places.ts';
import { compileRegex } from './regex.ts';
import { reservedAs } from './reserved-variables.ts';
import type { Settings } from './schema.ts';
import { isRecord, pointerOf } from './tree.ts';
import { LONGEST_TIMER_MS, parseDuration } from './units.ts';
import type { Finding } from './validate.ts';
import { toWords } from './words.ts';

/** What is judged: settings that meet the schema, without those that don't, and without defaults. */
export interface Candidate {
  name: string;
  settings: Partial<Settings>;
  root: string;
  /** Absolute: the dataset's own files. */
  configFolder: string;
  /** The same, as it is shown to people. */
  shownFolder: string;
  /** Where rows go, defaults considered. */
  target: string;
  /** Whether the environment has this variable. */
  isSet: (variable: string) => boolean;
  /** Whether the dataset's own file, not _defaults.yaml, sets the value at this pointer. */
  isOwn: (pointer: string) => boolean;
}

type Report = <Code extends MessageCode>(
  code: Code,
  pointer: string,
  ...values: Parameters<(typeof MESSAGES)[Code]>
) => void;
type Check = (candidate: Candidate, report: Report) => void;

/** What a schema can't say: names, expressions, and keys that contradict each other. */
export function findContradictions(candidate: Candidate): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, pointer, ...values) => {
    findings.push({ code, pointer, message: compose(code, ...values), at: POINTS_AT_KEY.has(code) ? 'key' : 'value' });
  };
  for (const check of CHECKS) check(candidate, report);
  return findings;
}

const POINTS_AT_KEY: ReadonlySet<MessageCode> = new Set<MessageCode>([
  'bad-variable-name',
  'misplaced-mapping',
  'reserved-variable',
  'command-with-image',
  'command-in-docker',
  'id-with-remove',
  'overwrite-with-append',
  'folder-with-warm',
  'unused-docker-options',
  'unused-image',
  'process-not-left',
  'unused-backup-dir',
  'unused-on-change',
  'unset-on-change',
  'unused-by-target',
]);

const CHECKS: readonly Check[] = [
  checkRegex,
  checkTimeout,
  checkVariableNames,
  checkCommand,
  checkDelimiter,
  checkStepFiles,
  checkIndex,
  checkRunner,
  checkRowRules,
  checkFolderRun,
  checkDisposal,
  checkTarget,
  checkOpenness,
  checkValues,
];

/** What is allowed, but opens more than it seems to. */
function checkOpenness({ settings: { DOCKER_OPTIONS, CONNECTIONS } }: Candidate, report: Report): void {
  if (DOCKER_OPTIONS?.network === 'host') report('host-network', '/DOCKER_OPTIONS/network');
  if (CONNECTIONS === 'environment') report('secrets-in-environment', '/CONNECTIONS');
}

function checkRegex({ settings: { WATCH_REGEX } }: Candidate, report: Report): void {
  if (WATCH_REGEX === undefined) return;
  if (WATCH_REGEX.length > LONGEST_REGEX) return report('big-regex', '/WATCH_REGEX', MOST_REGEX_PROGRAM);
  try {
    const size = compileRegex(WATCH_REGEX).programSize();
    if (size > MOST_REGEX_PROGRAM) report('big-regex', '/WATCH_REGEX', MOST_REGEX_PROGRAM);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const reason = error.message.replace('error parsing regexp: ', '').replaceAll('`', '');
    report('bad-regex', '/WATCH_REGEX', reason, regexHint(WATCH_REGEX));
  }
}

function regexHint(pattern: string): string {
  const [, extension] = /^\*(\.\w+)$/.exec(pattern) ?? [];
  if (extension !== undefined) return `; did you mean '\\${extension}$'?`;
  if (/\(\?<?[=!]/.test(pattern)) return '; RE2 has no look-ahead and look-behind';
  return /\\[1-9]/.test(pattern) ? '; RE2 has no back-references' : '';
}

function checkTimeout({ settings: { TIMEOUT } }: Candidate, report: Report): void {
  const ms = TIMEOUT === undefined ? undefined : parseDuration(TIMEOUT);
  if (ms !== undefined && (ms <= 0 || ms > LONGEST_TIMER_MS)) report('timeout-range', '/TIMEOUT', TIMEOUT!);
}

function checkVariableNames({ settings: { ENV = {} } }: Candidate, report: Report): void {
  for (const name of Object.keys(ENV)) {
    if (!/^[A-Za-z_]\w*$/.test(name)) report('bad-variable-name', pointerOf(['ENV', name]), name);
    const reserved = reservedAs(name);
    if (reserved !== null) report('reserved-variable', pointerOf(['ENV', name]), name, reserved === 'key');
  }
}

function checkCommand({ settings: { COMMAND } }: Candidate, report: Report): void {
  if (COMMAND !== undefined && !toWords(COMMAND)[0]) report('empty-command', '/COMMAND');
}

function checkDelimiter({ settings: { EXTRACT } }: Candidate, report: Report): void {
  if (EXTRACT?.delimiter === '\\t') report('escaped-tab', '/EXTRACT/delimiter');
}

function checkStepFiles({ settings: { TRANSFORM = [] }, configFolder, shownFolder }: Candidate, report: Report): void {
  for (const [index, step] of TRANSFORM.entries()) {
    for (const [name, options] of isRecord(step) ? Object.entries(step) : []) {
      const isPath = name === 'module' && typeof options === 'string';
      const file = isPath ? options : isRecord(options) && STEPS_WITH_FILE.includes(name) ? options['file'] : undefined;
      if (typeof file !== 'string' || isOwnFile(configFolder, file)) continue;
      const pointer = `/TRANSFORM/${index}/${name}${isPath ? '' : '/file'}`;
      report('missing-step-file', pointer, name, file, shownFolder);
    }
  }
}

const STEPS_WITH_FILE = ['merge', 'module'];

/** By its real path: a link that leads out of the folder makes nothing the dataset's own. */
function isOwnFile(folder: string, file: string): boolean {
  const path = resolve(folder, file);
  if (!path.startsWith(`${folder}/`) || !realPathOf(path).startsWith(`${realPathOf(folder)}/`)) return false;
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function checkIndex({ name, settings: { LOAD }, target }: Candidate, report: Report): void {
  if (!('index' in targetOf(target).options)) return;
  const index = LOAD?.index ?? name;
  const reason = whyBadIndexName(index);
  if (reason !== undefined && LOAD?.index === undefined) {
    report('bad-index-default', LOAD === undefined ? '' : '/LOAD', name, reason, goodIndexName(name));
  } else if (reason !== undefined) {
    report('bad-index', '/LOAD/index', 'LOAD.index', index, reason, goodIndexName(index));
  }
  const suffix = LOAD?.date_suffix ?? '';
  const suffixReason = whyBadSuffix(suffix);
  if (suffixReason !== undefined)
    report('bad-index', '/LOAD/date_suffix', 'LOAD.date_suffix', suffix, suffixReason, undefined);
}

/** What strftime makes of directives, as far as it matters in an index's name. */
const LIKE_DIRECTIVES: ReadonlyArray<[letters: string, sample: string]> = [
  ['YyCmdHIMSfjswuUWVGFz%', '0'],
  ['AaBbpZ', 'A'],
  ['T', ':'],
  ['e', ' '],
];

function whyBadSuffix(suffix: string): string | undefined {
  let unknown: string | undefined;
  const sample = suffix.replaceAll(/%([^]?)/g, (directive, letter: string) => {
    const like = LIKE_DIRECTIVES.find(([letters]) => letter !== '' && letters.includes(letter))?.[1];
    if (like === undefined) unknown ??= directive;
    return like ?? '';
  });
  return unknown === undefined ? whyBadIndexName(`index${sample}`) : `${unknown} is no directive of strftime`;
}

function checkRunner({ settings, isOwn }: Candidate, report: Report): void {
  const { COMMAND, DOCKER_IMAGE, DOCKER_OPTIONS, RUNNER, STOP } = settings;
  if (COMMAND !== undefined && DOCKER_IMAGE !== undefined)
    report('command-with-image', isOwn('/COMMAND') ? '/COMMAND' : '/DOCKER_IMAGE');
  if (COMMAND !== undefined && RUNNER === 'docker')
    report('command-in-docker', isOwn('/COMMAND') ? '/COMMAND' : '/RUNNER');
  if (DOCKER_IMAGE !== undefined && RUNNER === 'process' && isOwn('/DOCKER_IMAGE'))
    report('unused-image', '/DOCKER_IMAGE');
  const isProcess = COMMAND !== undefined || RUNNER === 'process';
  if (STOP === 'leave' && isProcess && isOwn('/STOP')) report('process-not-left', '/STOP');
  if (DOCKER_OPTIONS !== undefined && isOwn('/DOCKER_OPTIONS')) {
    if (RUNNER === 'process') report('unused-docker-options', '/DOCKER_OPTIONS', 'RUNNER: process');
    else if (COMMAND !== undefined) report('unused-docker-options', '/DOCKER_OPTIONS', 'COMMAND');
  }
}

function checkRowRules({ settings, isOwn }: Candidate, report: Report): void {
  const { LOAD, ON_CHANGE, ON_DELETE } = settings;
  // rule 4: LOAD.id: ON_DELETE: remove is a mistake in the configuration
  if (LOAD?.id !== undefined && ON_DELETE === 'remove')
    report('id-with-remove', isOwn('/ON_DELETE') ? '/ON_DELETE' : '/LOAD/id');
  if (LOAD?.overwrite === true && ON_CHANGE === 'append')
    report('overwrite-with-append', isOwn('/ON_CHANGE') ? '/ON_CHANGE' : '/LOAD/overwrite');
  if (LOAD?.id !== undefined && ON_CHANGE !== undefined && isOwn('/ON_CHANGE'))
    report('unused-on-change', '/ON_CHANGE');
}

function checkFolderRun({ settings: { RUN_PER, WARM = 0 }, isOwn }: Candidate, report: Report): void {
  if (RUN_PER === 'folder' && WARM > 0) report('folder-with-warm', isOwn('/WARM') ? '/WARM' : '/RUN_PER');
}

function checkDisposal({ settings, root, isOwn }: Candidate, report: Report): void {
  const { WATCH_DIR } = settings;
  for (const key of ['BACKUP_DIR', 'QUARANTINE_DIR'] as const) {
    const folder = settings[key];
    if (WATCH_DIR !== undefined && folder && resolve(root, folder) === resolve(root, WATCH_DIR))
      report('disposal-in-place', `/${key}`, key);
  }
  if (settings.BACKUP_DIR !== undefined && settings.BACKUP_FILE !== true && isOwn('/BACKUP_DIR'))
    report('unused-backup-dir', '/BACKUP_DIR');
  const key = settings.BACKUP_FILE === true ? 'BACKUP_FILE' : settings.REMOVE_FILE === true ? 'REMOVE_FILE' : undefined;
  const isAsked =
    settings.ON_CHANGE === undefined && settings.LOAD?.id === undefined && settings.LOAD?.overwrite !== true;
  if (key !== undefined && isAsked) report('unset-on-change', `/${key}`, `${key}: true`);
}

function checkTarget({ settings: { LOAD }, isSet, isOwn }: Candidate, report: Report): void {
  if (LOAD?.target === undefined) return;
  const { target, ...given } = LOAD;
  const { options, traits } = targetOf(target);
  for (const { variable } of traits.needs) {
    if (!isSet(variable)) report('no-connection', '/LOAD/target', target, variable);
  }
  // Kibana shows what has an index.
  const hasEffect = (key: string) => (key === 'dashboard' ? 'index' : key) in options;
  for (const key of Object.keys(given)) {
    if (!hasEffect(key) && isOwn(`/LOAD/${key}`)) report('unused-by-target', `/LOAD/${key}`, key, target);
  }
}
