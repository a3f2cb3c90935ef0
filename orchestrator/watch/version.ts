import type { FileVersion } from '../files/version.ts';

/** Equal texts for equal versions: one short string a file is what 200,000 of them can cost. */
export function versionKey(version: FileVersion): string {
  return `${version.sizeBytes}:${version.token}`;
}
