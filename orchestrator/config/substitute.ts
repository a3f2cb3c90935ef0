import { resolve } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import { MOST_FILE_BYTES } from './bounds.ts';
import { compose, type MessageCode } from './messages.ts';
import { readSmallFile, Unreadable } from './read-text.ts';
import { looksSecret, secretTexts } from './secrets.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  env: Variables;
  /** Absolute: relative `${file:…}` are from here. */
  root: string;
  rights: Rights;
}

/** A message that says why not; undefined where it may. */
export type Refusal = { code: MessageCode; message: string } | undefined;

/** What a YAML may refer to. */
export interface Rights {
  variable(name: string, value: string): Refusal;
  /** Asked of its path as it is written, and of its real one, all links followed. */
  file(path: string, written: string): Refusal;
}

export interface Substituted {
  text: string;
  /** Whether anything was replaced. */
  changed: boolean;
  /** Texts that must not be shown. */
  secrets: string[];
  /** Absolute paths of the files read, or tried. */
  files: string[];
  mistakes: Array<{ code: MessageCode; message: string }>;
}

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}|\$\{.*/gs;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Replaces `${NAME}`, `${NAME:-default}` (taken when NAME is unset or empty) and `${file:/path}` (without its last line
 * break) in the value at a path of keys; `$${` stands for `${`. What can't be replaced stays as it is, with a mistake.
 */
export function substitute(text: string, path: readonly string[], surroundings: Surroundings): Substituted {
  const result: Substituted = { text, changed: false, secrets: [], files: [], mistakes: [] };
  let left = MOST_FILE_BYTES;
  result.text = text.replaceAll(REFERENCE, (whole: string, inner: string | undefined, at: number) => {
    result.changed = true;
    if (whole === '$${') return '${';
    if (left < 0) return '';
    const taken = replacement(whole, inner, { before: text.slice(0, at), path, surroundings }, result) ?? whole;
    left -= taken.length;
    if (left < 0) fail(result, 'too-long', compose('too-long'));
    return taken;
  });
  return result;
}

interface Place {
  /** What stands before the reference. */
  before: string;
  path: readonly string[];
  surroundings: Surroundings;
}

function replacement(whole: string, inner: string | undefined, place: Place, result: Substituted): string | undefined {
  const { env, rights } = place.surroundings;
  if (inner?.startsWith('file:')) return fileText(inner.slice('file:'.length), place, result);
  const [, name, fallback] = VARIABLE.exec(inner ?? '') ?? [];
  if (name === undefined) return fail(result, 'bad-reference', compose('bad-reference', whole));
  const value = env[name];
  const refusal = value ? rights.variable(name, value) : undefined;
  if (refusal !== undefined) return fail(result, refusal.code, refusal.message);
  const taken = fallback === undefined ? value : value || fallback;
  if (taken === undefined) return fail(result, 'missing-variable', compose('missing-variable', name));
  if (looksSecret(name)) result.secrets.push(...secretTexts(taken));
  return taken;
}

function fileText(path: string, place: Place, result: Substituted): string | undefined {
  const { root, rights } = place.surroundings;
  if (!isHidden(place)) return fail(result, 'misplaced-file', compose('misplaced-file', place.path.join('.'), path));
  const file = resolve(root, path);
  // Asked before it is looked at, too: whether a file is there is nobody's business who may not read it.
  let refusal: Refusal = rights.file(file, path);
  try {
    if (refusal !== undefined) throw new Unreadable();
    const allow = (realPath: string) => {
      refusal = rights.file(realPath, path);
      if (refusal !== undefined) throw new Unreadable();
    };
    const text = readSmallFile(file, { allow, isOnlyName: true })
      .toString('utf8')
      .replace(/\r?\n$/, '');
    result.files.push(file);
    result.secrets.push(...secretTexts(text));
    return text;
  } catch (error) {
    if (refusal !== undefined) return fail(result, refusal.code, refusal.message);
    result.files.push(file);
    const reason = codeOf(error) ?? messageOf(error);
    return fail(result, 'unreadable-reference', compose('unreadable-reference', path, reason));
  }
}

/**
 * Whether the value of this key is shown nowhere: in no message, on no page, as no name of an index. Of COMMAND that
 * holds for the arguments, the program is named in messages.
 */
function isHidden({ path: [key, ...inner], before }: Place): boolean {
  if (key === 'ENV' || key === 'PARAMETERS') return true;
  return key === 'COMMAND' && (inner.length > 0 ? inner[0] !== '0' : /\S\s/.test(before));
}

function fail(result: Substituted, code: MessageCode, message: string): undefined {
  result.mistakes.push({ code, message });
  return undefined;
}
