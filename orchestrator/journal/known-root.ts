import type { Journal, Run } from './journal.ts';

/**
 * Device and inode of the folder that a run's file was found in, as it was last listed; null where that isn't known, as of a file from elsewhere, or of a
 * dataset that watches another folder by now.
 */
export async function knownRoot(
  { dataset, root }: Pick<Run, 'dataset' | 'root'>,
  journal: Pick<Journal, 'place'>,
  configured: { watchDir: string } | undefined,
): Promise<string | null> {
  if (configured?.watchDir !== root) return null;
  return (await journal.place(dataset))?.root ?? null;
}
