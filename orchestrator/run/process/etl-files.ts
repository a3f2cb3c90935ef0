import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CompiledCode, compiledCodeAt } from './compiled-code.ts';

const NAMES = ['default-etl', 'node_modules', 'package.json', 'compiled'];

/** Absolute: the default ETL. */
export const ETL_PROGRAM: string = inProject('default-etl/bin.js');

/** Where what is compiled of it is kept. */
export const COMPILED: CompiledCode = compiledCodeAt(inProject('node_modules/.cache/default-etl'));

/** Absolute paths of the files and folders that the default ETL is made of; of one that is a link, what it leads to as well. */
export function etlFiles(): string[] {
  return NAMES.map(inProject).flatMap(withTarget);
}

function inProject(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
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
