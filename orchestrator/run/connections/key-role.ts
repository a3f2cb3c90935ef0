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
 * What the key of a run may do: everything with these indices, and nothing with others or with the cluster. `behind`:
 * the indices of aliases among the names, which the default ETL calls by their own names. A dataset that builds its
 * index anew makes `<name>-<version>` and removes former ones.
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
