import { stringify } from 'yaml';
import { looksSecret } from '../config/secrets.ts';

/** A YAML file in the making. */
export interface Draft {
  settings: Map<string, { value: unknown; comments: string[] }>;
  /** Lines for the end of the file: what could not be carried over. */
  leftovers: string[];
  warnings: string[];
}

export function newDraft(): Draft {
  return { settings: new Map(), leftovers: [], warnings: [] };
}

/** Sets a key; comments stand above it. */
export function set(draft: Draft, key: string, value: unknown, ...comments: string[]): void {
  draft.settings.set(key, { value, comments: [...(draft.settings.get(key)?.comments ?? []), ...comments] });
}

/** Sets a key within a map. */
export function setWithin(draft: Draft, key: string, inner: string, value: unknown): void {
  const map = (draft.settings.get(key)?.value ?? {}) as Record<string, unknown>;
  set(draft, key, { ...map, [inner]: value });
}

/** Writes down, as a comment and a warning, what is not carried over and why. `original` must hold no secret. */
export function leaveOut(draft: Draft, original: string, reason: string): void {
  draft.leftovers.push(`${original}: ${reason}`);
  draft.warnings.push(`${original}: ${reason}`);
}

/** The YAML text. Ends with what was left out. */
export function render(draft: Draft, origin: string): string {
  const parts = [`# yaml-language-server: $schema=./schema.json\n# From ${comment(origin)}.\n\n`];
  for (const [key, { value, comments }] of draft.settings) {
    parts.push(...comments.map(text => `# ${comment(text)}\n`), stringify({ [key]: value }, { lineWidth: 0 }));
  }
  if (draft.leftovers.length > 0) parts.push('\n# Not carried over:\n');
  parts.push(...draft.leftovers.map(text => `# - ${comment(text)}\n`));
  return parts.join('');
}

/** Text with line breaks stays a comment. */
function comment(text: string): string {
  return text.replaceAll(/\r?\n/g, '\n#   ');
}

/** Text for a setting: what would be taken for a reference to the environment is kept from it. */
export function literal(text: string): string {
  // A function: in a replacement text two dollars would be one.
  return text.replaceAll('${', () => '$${');
}

/** JSON of a value of the original, without its secrets. */
export function shown(key: string, value: unknown): string {
  const isSecret = (name: string) => looksSecret(name) || /^pwd$/i.test(name);
  if (isSecret(key)) return '(not shown)';
  const text = JSON.stringify(value, (name, inner: unknown) => (isSecret(name) ? '(not shown)' : inner)) ?? '';
  return text.replaceAll(/:\/\/[^\s/:@"]*:[^\s/@"]+@/g, '://(not shown)@');
}
