import type { OpenFile } from './open-file.ts';
import { UntrustedFile } from './untrusted-file.ts';

/** Who owns a file. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Whose a file is, and who may do what with it. */
export interface Rights {
  owner: Owner;
  /** As chmod(2) takes it. */
  mode: number;
}

/** What a file must be, beside a regular one, to be opened. */
export interface FileDemands {
  /** Users whose file it may be; any unless told. */
  owners?: readonly number[];
  /** Whether it must have this one name; false unless told. */
  onlyName?: boolean;
}

/** Throws an UntrustedFile where it is not what it must be. */
export function check(
  stats: { isFile(): boolean; uid: number | bigint; nlink: number | bigint },
  path: string,
  { owners, onlyName = false }: FileDemands,
): void {
  if (!stats.isFile()) throw new UntrustedFile(path, 'not-a-file');
  if (onlyName && stats.nlink > 1) throw new UntrustedFile(path, 'several-names');
  if (owners && !owners.includes(Number(stats.uid))) throw new UntrustedFile(path, 'owner');
}

/** The owner first: for a moment the file is closed to him, and never open to anybody else. */
export async function grant(file: OpenFile, { owner, mode }: Partial<Rights>): Promise<void> {
  if (owner && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
  if (mode !== undefined) await file.chmod(mode);
}
