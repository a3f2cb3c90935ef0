/** What a version means for what is sent there. */
export type VersionFit = 'fits' | 'too-old' | 'unknown';

/** The first of Kibana's versions that takes what objects/ writes: newer ones migrate it. */
const FIRST = { major: 8, minor: 19 };
/** The last one whose source was read. */
const LAST_MAJOR = 9;

/** `null`: the server did not tell its version. */
export function fitOf(version: string | null): VersionFit {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (major === undefined) return 'unknown';
  if (Number(major) > LAST_MAJOR) return 'unknown';
  const isNewEnough = Number(major) > FIRST.major || (Number(major) === FIRST.major && Number(minor) >= FIRST.minor);
  return isNewEnough ? 'fits' : 'too-old';
}
