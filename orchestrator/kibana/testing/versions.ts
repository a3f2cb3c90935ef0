/** The newest form of each type that a version of Kibana knows, which it gives back all objects in. */
export type TypeVersions = Readonly<Record<string, string>>;

const OLD = { tag: '8.0.0', 'index-pattern': '8.0.0', lens: '8.9.0' };

/**
 * By Kibana's own version: `modelVersions` of dashboard/server/dashboard_saved_object/dashboard_saved_object.ts and of
 * saved_search/server/saved_objects/search.ts.
 */
export const VERSIONS = {
  '8.17.0': { ...OLD, search: '10.4.0', dashboard: '10.2.0' },
  '8.19.0': { ...OLD, search: '10.5.0', dashboard: '10.3.0' },
  '9.0.0': { ...OLD, search: '10.5.0', dashboard: '10.2.0' },
  '9.5.0': { ...OLD, search: '10.12.0', dashboard: '10.4.0' },
} as const;

export type KibanaVersion = keyof typeof VERSIONS;

/** Below, equal to or above zero, as comparators give it. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [a, b].map(version => version.split('.').map(Number));
  return (one ?? []).map((part, index) => part - (other?.[index] ?? 0)).find(difference => difference !== 0) ?? 0;
}
