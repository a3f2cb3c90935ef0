import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import { compose, type MessageCode } from './messages.ts';
import { looksSecret, secretTexts } from './secrets.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  env: Variables;
  /** Absolute: relative `${file:…}` are from here. */
  root: string;
}

export interface Substituted {
  text: string;
  /** Whether anything was replaced. */
  changed: boolean;
  /** Texts that must not be shown. */
  secrets: string[];
  /** Absolute paths of the files read, or tried. */
  files: string[];
  problems: Array<{ code: MessageCode; message: string }>;
}

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}|\$\{.*/gs;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Replaces `${NAME}`, `${NAME:-default}` (taken when NAME is unset or empty) and `${file:/path}` (without its last line
 * break); `$${` stands for `${`. What can't be replaced stays as it is, with a problem.
 */
export function substitute(text: string, surroundings: Surroundings): Substituted {
  const result: Substituted = { text, changed: false, secrets: [], files: [], problems: [] };
  result.text = text.replaceAll(REFERENCE, (whole: string, inner: string | undefined) => {
    result.changed = true;
    if (whole === '$${') return '${';
    return replacement(whole, inner, surroundings, result) ?? whole;
  });
  return result;
}

function replacement(
  whole: string,
  inner: string | undefined,
  surroundings: Surroundings,
  result: Substituted,
): string | undefined {
  if (inner?.startsWith('file:')) return fileText(inner.slice('file:'.length), surroundings.root, result);
  const [, name, fallback] = VARIABLE.exec(inner ?? '') ?? [];
  if (name === undefined) return fail(result, 'bad-reference', compose('bad-reference', whole));
  const value = surroundings.env[name];
  const taken = fallback === undefined ? value : value || fallback;
  if (taken === undefined) return fail(result, 'missing-variable', compose('missing-variable', name));
  if (looksSecret(name)) result.secrets.push(...secretTexts(taken));
  return taken;
}

function fileText(path: string, root: string, result: Substituted): string | undefined {
  const file = resolve(root, path);
  result.files.push(file);
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    result.secrets.push(...secretTexts(text));
    return text;
  } catch (error) {
    const reason = codeOf(error) ?? messageOf(error);
    return fail(result, 'unreadable-reference', compose('unreadable-reference', path, reason));
  }
}

function fail(result: Substituted, code: MessageCode, message: string): undefined {
  result.problems.push({ code, message });
  return undefined;
}
