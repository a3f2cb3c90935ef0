import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NAMES = ['default-etl', 'node_modules', 'package.json', 'compiled'];

/** Absolute paths of the files and folders that the default ETL is made of; of one that is a link, what it leads to as well. */
export function etlFiles(): string[] {
  return NAMES.map(name => fileURLToPath(new URL(`../../${name}`, import.meta.url))).flatMap(withTarget);
}

function withTarget(path: string): string[] {
  try {
    const target = realpathSync(path);
    return target === path ? [path] : [path, target];
  } catch {
    // What is not there is not shown either.
    return [path];
  }
}
