import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['default-etl', 'orchestrator', 'scripts'];

/** Test files, relative to the root: below these folders, or these files themselves. Throws for a path that isn't there. */
export function testFiles(root: string, paths: string[]): string[] {
  const found = (paths.length > 0 ? paths : FOLDERS).flatMap(path => testsAt(root, path.replace(/\/+$/, '')));
  return [...new Set(found)].sort();
}

function testsAt(root: string, path: string): string[] {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .map(name => join(path, name));
}
