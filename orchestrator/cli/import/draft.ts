import { stringify } from 'yaml';
import { looksSecret } from '../../config/secrets.ts';

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

/**
 * Puts what a pypel process says into the dataset of the shell config that ran it: the folder is the config's, how
 * files are read and loaded the process's.
 */
export function join(draft: Draft, process: Draft): void {
  for (const [key, { value, comments }] of process.settings) {
    if (key !== 'WATCH_DIR') draft.settings.set(key, { value, comments });
  }
  draft.leftovers.push(...process.leftovers);
  draft.warnings.push(...process.warnings.filter(warning => !warning.startsWith('WATCH_DIR ')));
  if (draft.settings.has('DOCKER_IMAGE'))
    draft.warnings.push(
      'DOCKER_IMAGE: that image is run, and only the default ETL knows EXTRACT, TRANSFORM and LOAD; take it out to have them',
    );
}

/** What needs a file of its own, as comments at the end. */
export function append(draft: Draft, name: string, other: Draft): void {
  const title = `process ${name || 'without a name'}`;
  draft.warnings.push(`${title}: needs a YAML file of its own; it stands at the end, as comments`, ...other.warnings);
  draft.leftovers.push(`${title}, for a file of its own:\n${render(other, title)}`);
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
