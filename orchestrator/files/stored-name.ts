/**
 * What a name in the backup or the quarantine got because it was taken (dispose/names.ts): when the run was made and
 * the end of its id, or the whole id, as versions up to 0.1.0 gave it.
 */
const ADDED = /\.(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d{2}-\d{2}T\d{6}Z-[0-9a-f]{6})(?=\.[^/]*$|$)/;

/**
 * Paths that a file may have had, which lies at this one in the backup or the quarantine: the same, and where its name
 * got what tells it from others, that without.
 */
export function formerPaths(path: string): string[] {
  return [...new Set([path, path.replace(ADDED, '')])];
}
