import type { estypes } from '@elastic/elasticsearch';
import type { Dataset } from '../../config/dataset.ts';
import type { LedgerEntry } from '../../journal/journal.ts';

/** All that a run may write to: the indices or aliases of its rows, and those that rows are taken out of. */
export function namesOf(ledgers: readonly LedgerEntry[], { settings }: Dataset): string[] {
  const replaced = ledgers.flatMap(({ replaces }) => replaces.map(({ index }) => index));
  const names = [...ledgers.map(({ index }) => index), ...replaced, ...(settings.LOAD.aliases ?? [])];
  return [...new Set(names)].filter(name => name !== '');
}

/**
 * What the key of a run may do: everything with these indices, and nothing with others or with the cluster. `behind`: the indices of aliases among
 * the names, which the default ETL calls by their own names. A dataset that builds its index anew makes `<name>-<version>` and removes former ones.
 */
export function roleOf(
  names: readonly string[],
  behind: readonly string[],
  { settings }: Dataset,
): Record<string, estypes.SecurityRoleDescriptor> {
  const built = settings.LOAD.overwrite === true ? names.map(name => `/${escaped(name)}-[0-9]+/`) : [];
  const isDefaultEtl = settings.DOCKER_IMAGE === undefined && settings.COMMAND === undefined;
  const privileges: estypes.SecurityIndexPrivilege[] = [
    'manage',
    'index',
    'delete',
    ...(isDefaultEtl ? [] : (['read'] as const)),
  ];
  return { run: { cluster: [], indices: [{ names: [...new Set([...names, ...behind, ...built])], privileges }] } };
}

/** As a part of Lucene's regular expressions, which Elasticsearch takes between slashes. */
function escaped(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_]/gu, String.raw`\$&`);
}

/** A template as `GET /_index_template` tells of it. */
export interface IndexTemplate {
  name: string;
  index_template: { index_patterns?: string | string[]; priority?: number };
}

/** The default ETL's own: a template of a higher one is somebody's who wants to say how the index is made. */
const OWN_PRIORITY = 300;

/** Whether a template of somebody else's says how an index of this name is made. */
export function hasTemplate(templates: readonly IndexTemplate[], name: string): boolean {
  return templates.some(({ index_template: { index_patterns = [], priority = 0 } }) => {
    const patterns = typeof index_patterns === 'string' ? [index_patterns] : index_patterns;
    return priority > OWN_PRIORITY && patterns.some(pattern => fits(pattern, name));
  });
}

/** `*` stands for any text. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}
