import { basename } from 'node:path';
import { compileRegex } from '../../config/regex.ts';
import { reservedAs } from '../../config/reserved-variables.ts';
import { settingsSchema } from '../../config/schema.ts';
import { looksSecret, urlPasswords } from '../../config/secrets.ts';
import { splitWords } from '../../config/words.ts';
import { type Draft, leaveOut, literal, newDraft, set, setWithin, shown } from './draft.ts';

/** The original's two spellings. */
const SYNONYMS: Record<string, string> = { TO_REMOVE: 'REMOVE_FILE', BACKUP: 'BACKUP_FILE' };
const TRUE_WORDS = ['true', '1', 'yes', 'y', 'on'];
const BY_ITSELF: Record<string, string> = {
  DATA_VOLUME: 'WATCH_DIR is mounted at /data by itself',
  path_to_data: 'WATCH_DIR is mounted at /data by itself',
  kibana_info: 'the log goes to Elasticsearch by itself where ELASTICSEARCH_NODE is set',
};
const CONNECTION: Record<string, string> = {
  elasticsearch_host: 'ELASTICSEARCH_NODE',
  elasticsearch_port: 'ELASTICSEARCH_NODE',
  elasticsearch_scheme: 'ELASTICSEARCH_NODE',
  elasticsearch_user: 'ELASTICSEARCH_USERNAME',
  elasticsearch_password: 'ELASTICSEARCH_PASSWORD',
};
/** The original's own images: the default ETL does what they did. */
const DEFAULT_IMAGES = /(^|\/)(default-etl|pypel)(:|$)/i;
/** The original's own scripts, that started a container a file, and one a folder. */
const RUNNERS = /^runner(-file)?\.sh$/;
const FOLDER_RUNNER = /^runner-multiple-files\.sh$/;

/** One of them is in each of the original's configs. */
const TELLING = ['WATCH_DIR', 'WATCH_REGEX', 'COMMAND', 'DOCKER_IMAGE', 'PARAMETERS'];

/**
 * A draft from one of the original's shell configs: `KEY=value` a line, the value with or without quotes. Undefined
 * where it is none.
 */
export function importShell(text: string): Draft | undefined {
  const draft = newDraft();
  const variables = readVariables(text, draft);
  if (!TELLING.some(name => variables.has(name))) return undefined;
  for (const [name, { value, comments }] of variables) carryOver(draft, name, value, comments, variables);
  carryConnection(draft, variables);
  if (!draft.settings.has('WATCH_DIR')) {
    set(draft, 'WATCH_DIR', './data/in/imported');
    draft.warnings.push('WATCH_DIR was not in the file: ./data/in/imported is a guess; name the folder to watch');
  }
  return draft;
}

/** The process that the default ETL was asked for (`-p NAME`); undefined for all of them. */
export function processAsked(text: string): string | undefined {
  const parameters = readVariables(text, newDraft()).get('PARAMETERS')?.value ?? '';
  const words = splitWords(parameters);
  const option = words.findIndex(word => word === '-p' || word === '--process-type');
  return option < 0 || words[option + 1] === 'all' ? undefined : words[option + 1];
}

type Variables = Map<string, { value: string; comments: string[] }>;

function readVariables(text: string, draft: Draft): Variables {
  const variables: Variables = new Map();
  let comments: string[] = [];
  for (const line of text.split(/\r?\n/).map(raw => raw.trim())) {
    const [, name, value = ''] = /^(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    if (line.startsWith('#!')) continue;
    if (line.startsWith('#')) comments.push(line.replace(/^#+\s*/, ''));
    else if (name !== undefined) {
      variables.set(name, { value: expand(unquote(withoutComment(value)), variables), comments });
      comments = [];
    } else if (line !== '') leaveOut(draft, line, 'no KEY=value; only those are carried over');
  }
  draft.leftovers.push(...comments.map(comment => `(comment) ${comment}`));
  return variables;
}

/** Without ` # …`, unless quotes hold it. */
function withoutComment(value: string): string {
  const parts = value.match(/'[^']*'|"(?:\\.|[^"\\])*"|\s#.*$|[^]/g) ?? [];
  return (/^\s#/.test(parts.at(-1) ?? '') ? parts.slice(0, -1) : parts).join('').trim();
}

/** The text within, where quotes enclose all of it; a quoted word among others keeps them, for they hold it together. */
function unquote(value: string): { text: string; isLiteral: boolean } {
  const [, single] = /^'([^']*)'$/.exec(value) ?? [];
  const [, double] = /^"((?:\\.|[^"\\])*)"$/.exec(value) ?? [];
  if (single !== undefined) return { text: single, isLiteral: true };
  return { text: double?.replaceAll(/\\(["\\$`])/g, '$1') ?? value, isLiteral: false };
}

/** Fills in variables of the file; the event's file becomes `{file}` and `{name}`, secrets and unknown ones references. */
function expand({ text, isLiteral }: { text: string; isLiteral: boolean }, variables: Variables): string {
  if (isLiteral) return literal(text);
  return text
    .replaceAll(/\$\(basename\s+\\?"?\$\{?(?:file|FILE|name)\}?\\?"?\)/g, '{name}')
    .replaceAll(/\$\(basename\s+"?\$\{?WATCH_DIR\}?"?\)/g, '{dataset}')
    .replaceAll(/\$\{(\w+)\}|\$([A-Za-z_]\w*)/g, (_, braced?: string, bare?: string) => {
      const name = braced ?? bare ?? '';
      if (/^file$/i.test(name)) return '{file}';
      const known = variables.get(name)?.value;
      return known === undefined || holdsSecret(name, known) ? `\${${name}:-}` : known;
    });
}

function carryOver(draft: Draft, name: string, value: string, comments: string[], variables: Variables): void {
  const key = SYNONYMS[name] ?? name;
  if (Object.hasOwn(CONNECTION, name)) return;
  if (Object.hasOwn(BY_ITSELF, name)) leaveOut(draft, `${name}=${value}`, BY_ITSELF[name]!);
  else if (isComputed(key, value) && !holdsSecret(name, value))
    leaveOut(draft, `${name}=${value}`, 'a command within is not run; write what it gives');
  else if (key === 'COMMAND') carryCommand(draft, value, comments, variables);
  else if (key === 'DOCKER_IMAGE') carryImage(draft, value, comments);
  else if (key === 'PARAMETERS') carryParameters(draft, value, comments, variables);
  else if (key === 'DOCKER_OPTIONS') carryDockerOptions(draft, value);
  else if (key === 'WATCH_REGEX') carryRegex(draft, value, comments);
  else if (!Object.hasOwn(settingsSchema.properties, key)) carryVariable(draft, name, value, comments);
  else if (value !== '') set(draft, key, typed(key, value), ...comments);
}

/** Whether the shell would run a command for it. Parameters have remarks of their own, and `$(` may stand in an expression. */
function isComputed(key: string, value: string): boolean {
  return !['COMMAND', 'PARAMETERS', 'WATCH_REGEX'].includes(key) && /\$\(|`/.test(value);
}

function typed(key: string, value: string): unknown {
  const { type } = (settingsSchema.properties as Record<string, { type?: string }>)[key] ?? {};
  if (type === 'boolean') return TRUE_WORDS.includes(value.toLowerCase());
  return type === 'integer' && /^-?\d+$/.test(value) ? Number(value) : value;
}

function carryCommand(draft: Draft, value: string, comments: string[], variables: Variables): void {
  const program = basename(splitWords(value)[0] ?? '');
  const hasImage = (variables.get('DOCKER_IMAGE')?.value ?? '') !== '';
  if (FOLDER_RUNNER.test(program))
    set(draft, 'RUN_PER', 'folder', `COMMAND=${value} ran once for all files.`, ...comments);
  else if (RUNNERS.test(program))
    draft.leftovers.push(`COMMAND=${value}: a container a file is what happens by itself`);
  else if (hasImage)
    leaveOut(
      draft,
      `COMMAND=${value}`,
      'DOCKER_IMAGE is started by itself; take that out if the program is to run instead',
    );
  else if (value !== '') set(draft, 'COMMAND', value, ...comments);
}

function carryImage(draft: Draft, value: string, comments: string[]): void {
  if (!DEFAULT_IMAGES.test(value)) {
    if (value !== '') set(draft, 'DOCKER_IMAGE', value, ...comments);
    return;
  }
  leaveOut(draft, `DOCKER_IMAGE=${value}`, 'the default ETL does its work; set DOCKER_IMAGE if yours differs');
  set(draft, 'LOAD', { index: 'pypel-default' }, 'The index that the original loaded.');
}

function carryParameters(draft: Draft, value: string, comments: string[], variables: Variables): void {
  if (DEFAULT_IMAGES.test(variables.get('DOCKER_IMAGE')?.value ?? ''))
    leaveOut(draft, `PARAMETERS=${value}`, 'the default ETL needs none; its process is EXTRACT, TRANSFORM and LOAD');
  else if (/\$\(|`/.test(value))
    leaveOut(draft, `PARAMETERS=${value}`, 'a command within is not run; write {file}, {name}, {dataset} or {run}');
  else if (value !== '') set(draft, 'PARAMETERS', value, ...comments);
}

function carryRegex(draft: Draft, value: string, comments: string[]): void {
  if (value === '') return;
  try {
    compileRegex(value);
    set(draft, 'WATCH_REGEX', value, ...comments);
  } catch {
    leaveOut(
      draft,
      `WATCH_REGEX=${value}`,
      'is no regular expression in RE2 syntax; every format is taken until you mend it',
    );
  }
}

function holdsSecret(name: string, value: string): boolean {
  return looksSecret(name) || urlPasswords(value).length > 0;
}

/** The original gave every variable to the container. */
function carryVariable(draft: Draft, name: string, value: string, comments: string[]): void {
  if (value === '') return;
  if (reservedAs(name) !== null) return leaveOut(draft, name, 'the orchestrator itself tells each run what it is');
  const isSecret = holdsSecret(name, value);
  setWithin(draft, 'ENV', name, isSecret ? `\${${name}:-}` : value);
  draft.leftovers.push(...comments.map(comment => `(comment on ${name}) ${comment}`));
  if (isSecret) draft.warnings.push(`${name}: secrets don't belong in YAML; put ${name}=… into .env`);
}

/** Names what belongs into .env; a password's value is never repeated. */
function carryConnection(draft: Draft, variables: Variables): void {
  const valueOf = (name: string) => variables.get(name)?.value || undefined;
  const host = valueOf('elasticsearch_host');
  if (host !== undefined) {
    const node = `${valueOf('elasticsearch_scheme') ?? 'http'}://${host}:${valueOf('elasticsearch_port') ?? '9200'}`;
    const isWhole = /^https?:\/\//.test(host);
    leaveOut(
      draft,
      'elasticsearch_host',
      `put ELASTICSEARCH_NODE=${isWhole ? shown('', host).slice(1, -1) : node} into .env`,
    );
  }
  for (const [name, variable] of Object.entries(CONNECTION)) {
    if (!variables.has(name) || name === 'elasticsearch_host') continue;
    if (variable !== 'ELASTICSEARCH_NODE') leaveOut(draft, name, `put its value into .env as ${variable}`);
    else if (host === undefined) leaveOut(draft, name, 'it is part of ELASTICSEARCH_NODE in .env');
  }
}

/** Options of `docker run` that have a key: how their value is written there. */
const OPTION_KEYS: Record<string, string> = {
  '--network': 'network',
  '--net': 'network',
  '--memory': 'memory',
  '-m': 'memory',
  '--cpus': 'cpus',
  '--user': 'user',
  '-u': 'user',
  '--volume': 'volumes',
  '-v': 'volumes',
  '--pull': 'pull',
  '--cap-add': 'cap_add',
  '--gpus': 'gpus',
  '--entrypoint': 'entrypoint',
  '--pids-limit': 'pids',
  '--hostname': 'hostname',
  '-h': 'hostname',
  '--add-host': 'extra_hosts',
};
const LIST_OPTIONS = ['volumes', 'cap_add', 'extra_hosts'];
const NUMBER_OPTIONS = ['cpus', 'pids'];
const NOT_NEEDED = ['--rm', '-d', '--detach', '-i', '-t', '-it', '--interactive', '--tty', '--init'];

function carryDockerOptions(draft: Draft, value: string): void {
  const words = splitWords(value);
  while (words.length > 0) {
    const [option, inline] = splitOption(words.shift()!);
    if (NOT_NEEDED.includes(option)) continue;
    if (option === '--read-only') {
      setWithin(draft, 'DOCKER_OPTIONS', 'read_only', inline !== 'false');
      continue;
    }
    const takesNext = inline === undefined && words[0] !== undefined && !words[0].startsWith('-');
    const setting = inline ?? (takesNext ? words.shift()! : '');
    carryDockerOption(draft, option, setting);
  }
}

function splitOption(word: string): [string, string | undefined] {
  const [, option, value] = /^(--[^=]+)=([^]*)$/.exec(word) ?? [];
  return option === undefined ? [word, undefined] : [option, value];
}

function carryDockerOption(draft: Draft, option: string, value: string): void {
  const key = OPTION_KEYS[option];
  const [, name, text = ''] = /^(\w+)=([^]*)$/.exec(value) ?? [];
  if (key !== undefined && LIST_OPTIONS.includes(key)) {
    const before = (draft.settings.get('DOCKER_OPTIONS')?.value as Record<string, string[]> | undefined)?.[key] ?? [];
    setWithin(draft, 'DOCKER_OPTIONS', key, [...before, value]);
  } else if (key !== undefined && value !== '') {
    setWithin(draft, 'DOCKER_OPTIONS', key, NUMBER_OPTIONS.includes(key) ? Number(value) : value);
  } else if ((option === '-e' || option === '--env') && name !== undefined) {
    carryVariable(draft, name, text, []);
  } else {
    leaveOut(draft, `DOCKER_OPTIONS ${option} ${value}`.trim(), 'has no key here');
  }
}
