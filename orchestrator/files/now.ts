import { closeSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Folder } from './folder.ts';
import { asBehindLink, asNoFile, descriptorPath, namesOf, OPEN } from './reach.ts';
import { check } from './rights.ts';

/**
 * Opens a regular file, looks at it and closes it, all at once: a tenth of what it costs to wait for each step, but the
 * whole process stands still meanwhile. Only for file systems that keep nobody waiting. Throws what openFile() throws.
 */
export function examineNow<T>(folder: Folder, relative: string, look: (descriptor: number) => T): T {
  const names = namesOf(relative, folder.path);
  const last = names.pop() as string;
  const held: number[] = [];
  try {
    let at = descriptorPath(folder.descriptor) ?? folder.path;
    for (const name of names) {
      const next = openSync(`${at}/${name}`, OPEN.step);
      held.push(next);
      at = descriptorPath(next) ?? `${at}/${name}`;
    }
    return examineAt(`${at}/${last}`, join(folder.path, relative), look);
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

function examineAt<T>(at: string, path: string, look: (descriptor: number) => T): T {
  let descriptor: number;
  try {
    descriptor = openSync(at, OPEN.file);
  } catch (error) {
    throw asNoFile(asBehindLink(error, path), path);
  }
  try {
    check(fstatSync(descriptor), path, {});
    return look(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
