import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** Static, re-exported and dynamic imports; types alone need no package at run time. */
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?!type\s)[^'"`;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g;

/** Packages that the sources below `folder` import, tests aside. */
export function importedPackages(folder: string): string[] {
  const names = new Set<string>();
  for (const file of sourcesOf(folder)) {
    for (const match of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? '.';
      if (!specifier.startsWith('.') && !isBuiltin(specifier)) names.add(packageOf(specifier));
    }
  }
  return [...names].sort();
}

/** Files that a program consists of: no tests, no fixtures, no documentation. */
export function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      name =>
        /\.(ts|js|json|ya?ml|html|css|svg|sql)$/.test(name) &&
        !/(\.test\.ts$|(^|\/)(fixtures|testdata|testing|e2e)\/)/.test(name),
    )
    .map(name => join(folder, name))
    .sort();
}

/**
 * Folders below node_modules (relative, nested ones too) that these packages need, what they depend on included. Optional
 * ones count where they are installed: native parts come as such.
 */
export function packageFolders(root: string, names: string[]): string[] {
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    const folder = resolvePackage(root, name, from);
    if (folder === undefined || found.has(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
    const needs = { ...manifest.peerDependencies, ...manifest.optionalDependencies, ...manifest.dependencies };
    for (const need of Object.keys(needs)) visit(need, folder);
  };
  for (const name of names) visit(name, '');
  return [...found].sort();
}

/** As Node looks for it: in node_modules of the folder, then of each one above. */
function resolvePackage(root: string, name: string, from: string): string | undefined {
  for (let folder = from; ; folder = parentOf(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(root, candidate, 'package.json'))) return candidate;
    if (folder === '') return undefined;
  }
}

function parentOf(folder: string): string {
  const end = folder.lastIndexOf('node_modules');
  return end <= 0 ? '' : folder.slice(0, end - 1);
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
