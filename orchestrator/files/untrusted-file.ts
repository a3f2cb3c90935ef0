import { OrchestratorError } from '../errors.ts';

/** Why a path that others can write is not touched. */
export type UntrustedReason =
  | 'link'
  | 'link-owner'
  | 'link-unjudged'
  | 'not-a-file'
  | 'several-names'
  | 'holes'
  | 'time'
  | 'owner'
  | 'too-large'
  | 'path';

const WORDS: Record<UntrustedReason, string> = {
  link: 'it is a symbolic link, or lies behind one',
  'link-owner': 'it is a symbolic link to what the owner of the link could not read himself',
  'link-unjudged': 'it is a symbolic link of another user, and only root can tell what that user could read',
  'not-a-file': 'it is not a regular file',
  'several-names': 'it has several names (hard links), so it may be somebody else’s file',
  holes: 'next to nothing of it was ever written (a sparse file); copy it without holes (cp --sparse=never)',
  time: 'its time of last change is before 1901 or after 2486, which nothing can be right about; set another (touch it)',
  owner: 'it belongs to a user whose file it must not be',
  'too-large': 'it is larger than what is ever read here',
  path: 'its name leads out of its folder',
};

/** What lies at a path is not what may be read or written there: it is left alone. Trying again can't help. */
export class UntrustedFile extends OrchestratorError {
  readonly reason: UntrustedReason;

  constructor(path: string, reason: UntrustedReason) {
    super('never', `${path} is left alone: ${WORDS[reason]}`);
    this.name = 'UntrustedFile';
    this.reason = reason;
  }
}
