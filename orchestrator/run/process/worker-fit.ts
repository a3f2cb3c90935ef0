import { statSync } from 'node:fs';
import type { Dataset } from '../../config/dataset.ts';
import { runsModules } from '../../config/receivers.ts';
import type { JobTemplate } from '../runner.ts';

/** Only our own program is trusted with more than one job, and only where what it leaves is read, never taken as it is. */
export function canWait({ settings, command, parameters, written }: Dataset): boolean {
  const isOurs = command.length === 0 && parameters.length === 0 && !runsModules(settings);
  const isOff = written.includes('WARM') && settings.WARM === 0;
  return isOurs && !isOff && settings.RUN_PER !== 'folder' && settings.LOAD?.target === 'elasticsearch';
}

/** What WARM asks for; 0 where it says nothing. */
export function warmOf({ settings, written }: Dataset): number {
  return written.includes('WARM') ? settings.WARM : 0;
}

/**
 * Equal where everything is that was fixed when a worker was made. The folders themselves were mounted, whatever has
 * their places by now.
 */
export function fitOf({ dataset, inputFolder }: Pick<JobTemplate, 'dataset' | 'inputFolder'>): string {
  return JSON.stringify([dataset.hash, inputFolder, identityOf(inputFolder), identityOf(dataset.configFolder)]);
}

function identityOf(folder: string): Array<number | undefined> {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return [stats?.dev, stats?.ino];
}
