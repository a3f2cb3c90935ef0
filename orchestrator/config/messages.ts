import { visible } from '../log/visible.ts';
import { LONGEST_SHOWN } from './bounds.ts';

// Everything that can be said about a configuration, by code. Each has a fixture of its code's name in testdata/.

const byPolicy = (file: string | null) => file ?? 'the default policy';
const toAllow = (file: string | null) => (file === null ? '; an administrator can allow it in policy.yaml' : '');
const meant = (suggestion: string | undefined) => (suggestion === undefined ? '' : `; did you mean ${suggestion}?`);

/** Mistakes: a dataset with one of them is not used. */
const ERRORS = {
  'unreadable-file': (reason: string) => `can't be read (${reason})`,
  'not-utf8': () => 'is not UTF-8 text from here on; save it with the encoding UTF-8',
  'yaml-syntax': (reason: string, hint: string) => `is not valid YAML: ${reason}${hint}`,
  'duplicate-key': (key: string, firstLine: number) => `${key} is here twice (first in line ${firstLine}); keep one`,
  'unknown-alias': (name: string) =>
    `*${name} refers to nothing: in YAML a * at the start is an alias; put the text in single quotes`,
  'too-deep': (deepest: number) => `is nested more than ${deepest} levels deep; make it flatter`,
  'circular-alias': (name: string) => `*${name} refers to a value that contains it, which would never end; take it out`,
  'too-many-aliases': (most: number) =>
    `is one alias too many: a file may use ${most}, those within aliases included; write fewer`,
  'too-many-values': (values: number, characters: number) =>
    `exceeds what a file may hold: at most ${values} values and ${Math.round(characters / 2 ** 20)} million characters, aliases and references written out; make it smaller`,
  'bad-key': (longest: number) => `can't be a key: it is no plain text, or longer than ${longest} characters`,
  'not-a-map': () => 'must be keys and values, one a line, such as WATCH_DIR: ./data/in/sales',
  'bad-dataset-name': (name: string) =>
    `${name} can't be a dataset's name; rename the file: letters, digits, . _ and -, with a letter or digit first, at most 100`,
  'duplicate-dataset': (name: string, other: string) =>
    `dataset ${name} has a file already: ${other}; remove one of them`,

  'unknown-key': (key: string, suggestion: string | undefined) => `${key} is not a key${meant(suggestion)}`,
  'misplaced-key': (key: string, place: string) => `${key} is not a key here; it belongs under ${place}`,
  'original-key': (key: string, advice: string) => `${key} is not a key any more; ${advice}`,
  'environment-key': (key: string) => `${key} is not a dataset's; set it in the environment, or in .env`,
  'missing-key': (key: string, example: string) => `${key} is missing; add it, such as ${key}: ${example}`,
  'wrong-value': (key: string, expected: string, shown: string, suggestion: string | undefined) =>
    `${key} must be ${expected}; it is ${shown}${meant(suggestion)}`,

  'missing-variable': (name: string) =>
    `\${${name}} is not set in the environment; set it, or give a default: \${${name}:-default}`,
  'bad-reference': (text: string) =>
    `${text} is no reference; write \${NAME}, \${NAME:-default} or \${file:/path}, or $\${ for the characters themselves`,
  'unreadable-reference': (path: string, reason: string) => `\${file:${path}} can't be read (${reason})`,

  'misplaced-file': (key: string, path: string) =>
    `${key} can't come from \${file:${path}}: a file's text is kept secret, and ${key} is shown; use \${NAME}, or \${file:…} in ENV, PARAMETERS or the arguments of COMMAND`,
  'too-long': () => 'is longer than 1 MB with all that it refers to; make it shorter',

  'too-many-secrets': (texts: number, longest: number) =>
    `holds secrets that can't all be kept out of the log: datasets may have ${texts} of them in all, one dataset a quarter of that, none longer than ${longest} characters; have the program read a file of its own`,
  'too-many-steps': (most: number) =>
    `TRANSFORM has more than ${most} steps; take some out, or write them as one step of your own`,
  'hidden-value': (key: string) => `${key} is not what it must be; its value is a secret, and not shown`,
  'too-slow': (seconds: number) =>
    `took longer than ${seconds} s, or too much memory, to be read and judged; make it simpler`,
  'no-room': (megabytes: number, values: number, characters: number, seconds: number) =>
    `is not read: the other files, of which the smaller ones come first, left too little of the ${megabytes} MB, ${values} values, ${characters} million characters and ${seconds} s that all of them may take; make them smaller`,
  'too-many-files': (most: number) => `holds more than ${most} YAML files; take some out`,
  'more-mistakes': () => 'is not the last mistake here; the rest are reported once these are corrected',
  'big-regex': (most: number) =>
    `WATCH_REGEX is too large: it makes a program of more than ${most} instructions; make it simpler`,
  'bad-regex': (reason: string, hint: string) => `WATCH_REGEX is no regular expression (RE2 syntax): ${reason}${hint}`,
  'timeout-range': (shown: string) => `TIMEOUT must be more than 0 and at most 24d; it is ${shown}`,
  'bad-encoding': (name: string, what: string) => `EXTRACT.encoding ${name} is not known: ${what}`,
  'bad-image-name': (name: string, why: string) => `DOCKER_IMAGE: no image can have the name ${name}: ${why}`,
  'misplaced-mapping': (name: string, place: string) =>
    `${name} would be ignored, because there is a key properties beside it; put it under ${place}, too`,
  'bad-variable-name': (name: string) =>
    `ENV.${name} can't be the name of a variable; use letters, digits and _, with no digit first`,
  'reserved-variable': (name: string, isKey: boolean) =>
    isKey
      ? `ENV.${name} would contradict the dataset's key ${name}; set that key instead, outside ENV`
      : `ENV.${name} is what the orchestrator itself tells each run; use another name`,
  'empty-command': () => 'COMMAND holds no program; name one, or take COMMAND out',
  'escaped-tab': () => 'EXTRACT.delimiter is a backslash and a t; for a tab write "\\t", in double quotes',
  // The default ETL's own words: it refuses the same.
  'bad-step': (sentence: string) => sentence,
  'missing-step-file': (step: string, file: string, folder: string) =>
    `step ${step}: ${file} is not in ${folder}; put it there, or name another file`,
  'bad-index': (key: string, name: string, reason: string, suggestion: string | undefined) =>
    `${key} ${name} can't name an index: ${reason}${meant(suggestion)}`,
  'bad-index-default': (name: string, reason: string, suggestion: string | undefined) =>
    `the dataset's name ${name} can't name an index: ${reason}; set LOAD.index${suggestion === undefined ? '' : `, such as ${suggestion}`}`,

  'not-allowed': (key: string, what: string, file: string | null, rule: string, list: string) =>
    `${key}: ${what} is not allowed by ${byPolicy(file)} (${rule}: ${list})${toAllow(file)}`,
  'above-limit': (key: string, shown: string, file: string | null, rule: string, most: string) =>
    `${key}: ${shown} is more than ${byPolicy(file)} allows (${rule}: ${most})${toAllow(file)}`,
  'never-allowed': (key: string, what: string, why: string) => `${key}: ${what} is never allowed: ${why}`,
  'writable-command': (path: string, writer: string) =>
    `COMMAND ${path} is not run by root: ${writer}; remove that write access`,
  'untrusted-policy': (reason: string) => `can't be used as the policy: ${reason}`,
  'not-a-policy': () => 'must be rules and their values, one a line, such as images: [registry.example.org/etl/**]',

  'command-with-image': () => 'COMMAND and DOCKER_IMAGE exclude each other; take one out (null drops an inherited one)',
  'command-in-docker': () => 'COMMAND runs as a process, so RUNNER: docker contradicts it; take one out',
  'id-with-remove': () =>
    'LOAD.id and ON_DELETE: remove exclude each other: a row may come from several files; use ON_DELETE: keep',
  'overwrite-with-append': () =>
    'LOAD.overwrite and ON_CHANGE: append exclude each other: each file replaces the whole index; take one out',
  'folder-with-warm': () =>
    'WARM and RUN_PER: folder exclude each other: a warm container waits for one file; use WARM: 0',
  'disposal-in-place': (key: string) => `${key} is WATCH_DIR itself; name another folder`,
} as const;

/** Remarks: the dataset is used all the same. */
const WARNINGS = {
  'unused-docker-options': (why: string) => `DOCKER_OPTIONS has no effect with ${why}`,
  'unused-image': () => 'DOCKER_IMAGE has no effect with RUNNER: process',
  'process-not-left': () =>
    'STOP: leave is for containers: a process can’t be taken over by the next start, so it has GRACE to finish; write finish, or kill',
  'unused-backup-dir': () => 'BACKUP_DIR has no effect without BACKUP_FILE: true',
  'unused-on-change': () => 'ON_CHANGE has no effect with LOAD.id: rows are replaced by their id',
  'unset-on-change': (key: string) =>
    `ON_CHANGE is not set, and with ${key} it can't be known whether a file with the name of an earlier one is the next delivery or a correction; its rows are added to the earlier ones. Set ON_CHANGE: append if that is meant, or ON_CHANGE: replace if it is to take their place`,
  'unused-by-target': (key: string, target: string) => `LOAD.${key} has no effect with target: ${target}`,
  'unknown-mapping-type': (type: string, hint: string) =>
    `${type} is no field type that Elasticsearch is known to have${hint}`,
  'host-network': () =>
    'with this machine’s network containers reach every service on its loopback, the API included; Elasticsearch there is reached without it',
  'secrets-in-environment': () =>
    'connection settings in the environment can be seen by anyone who may query Docker, and by every program that the run starts; use CONNECTIONS: file if the program can read CONNECTIONS_FILE',
  'no-connection': (target: string, variable: string) =>
    `LOAD.target is ${target}, but ${variable} is not set in the environment`,
} as const;

export const MESSAGES = { ...ERRORS, ...WARNINGS };
export type MessageCode = keyof typeof MESSAGES;

/** Something said about one place of the configuration. */
export interface Mistake {
  severity: 'error' | 'warning';
  code: MessageCode;
  /** Dataset it keeps from running; null for one in _defaults.yaml, or in no dataset's file. */
  dataset: string | null;
  /** As people write it: relative to the project's root where it lies below. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
  message: string;
}

/**
 * The message of a code, its arguments checked. Of texts that others chose too much is cut, and no character steers a
 * terminal.
 */
export function compose<Code extends MessageCode>(code: Code, ...values: Parameters<(typeof MESSAGES)[Code]>): string {
  const shown = values.map(value => (typeof value === 'string' ? plain(value) : value));
  return (MESSAGES[code] as (...values: unknown[]) => string)(...shown);
}

function plain(text: string): string {
  return visible(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text).replaceAll('\n', '\\n');
}

export function severityOf(code: MessageCode): Mistake['severity'] {
  return code in WARNINGS ? 'warning' : 'error';
}

/** What is said of a whole file: at its first line. */
export function ofFile<Code extends MessageCode>(
  file: string,
  dataset: string | null,
  code: Code,
  ...values: Parameters<(typeof MESSAGES)[Code]>
): Mistake {
  return { severity: severityOf(code), code, dataset, file, line: 1, column: 1, message: compose(code, ...values) };
}

/** As compilers write it: `config/sales.yaml:7:3: …`. */
export function formatMistake({ file, line, column, severity, message }: Mistake): string {
  return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

/** In the order of the files' names and lines, each once. */
export function sortMistakes(mistakes: readonly Mistake[]): Mistake[] {
  const byText = new Map(mistakes.map(mistake => [formatMistake(mistake), mistake]));
  return [...byText.values()].sort(
    (a, b) =>
      compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.message, b.message),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
