import { isAbsolute, relative, sep } from 'node:path';

/** Whether an absolute path is the folder or below it. */
export function isWithin(path: string, folder: string): boolean {
  const rest = relative(folder, path);
  return rest === '' || (rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest));
}
