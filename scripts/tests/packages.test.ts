import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../services/command.ts';

interface LockedPackage {
  version?: string;
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** Packages that would run a script when installed, and why we do without it: `--ignore-scripts` is set wherever we install. */
const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  'node_modules/cpu-features': 'compiles what ssh2 asks for its choice of ciphers; ssh2 works without',
  'node_modules/koffi':
    'compiles where no binary of its own is there; those of Linux, macOS and Windows come as packages',
  'node_modules/protobufjs': 'only warns of how its version is written in a package.json',
  'node_modules/ssh2': 'compiles faster ciphers for DOCKER_HOST=ssh://…; without them Node’s own are used',
};

const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
const locked = packagesOf(lockText);

test('every package is locked by the hash of what is installed, those for other platforms too', () => {
  assert.ok(locked.length > 400);
  assert.deepEqual(faults(locked), []);
});

test('a package without a hash, with a weak one, or with an address of its own is found: .npmrc leaves out those of registries', () => {
  const good = { version: '1.0.0', integrity: `sha512-${'a'.repeat(86)}==` };
  assert.deepEqual(
    faults([
      ['node_modules/good', good],
      ['node_modules/bare', { version: '1.0.0' }],
      ['node_modules/weak', { version: '1.0.0', integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }],
      ['node_modules/mirrored', { ...good, resolved: 'https://mirror.example/mirrored-1.0.0.tgz' }],
      ['node_modules/cloned', { ...good, resolved: 'git+ssh://git@github.com/a/cloned.git#0123456' }],
    ]),
    [
      'node_modules/bare: no SHA-512',
      'node_modules/weak: no SHA-512',
      'node_modules/mirrored: from https://mirror.example/mirrored-1.0.0.tgz',
      'node_modules/cloned: from git+ssh://git@github.com/a/cloned.git#0123456',
    ],
  );
});

test('no package gained an install script', () => {
  const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
  assert.deepEqual(scripted.toSorted(), Object.keys(INSTALL_SCRIPTS));
});

test('wherever packages are installed, it is by the lock file and without their scripts', () => {
  assert.match(readFileSync(join(root, 'scripts/install.js'), 'utf8'), /'npm', \['ci', '--ignore-scripts',/);
  const dockerfiles = readdirSync(join(root, 'docker')).filter(name => name.endsWith('Dockerfile'));
  const texts = dockerfiles.map(name => readFileSync(join(root, 'docker', name), 'utf8'));
  const installs = texts.flatMap(text => text.match(/\bnpm (?!cache|run).*/g) ?? []);
  assert.deepEqual(
    installs.map(install => install.split(' ').slice(0, 4).join(' ')),
    Array(2).fill('npm ci --omit=dev --ignore-scripts'),
  );
});

test('npm run sbom lists every package with its hash', async () => {
  const text = await runCommand('npm', ['run', '--silent', 'sbom'], { cwd: root });
  const { bomFormat, components } = JSON.parse(text) as Sbom;
  assert.equal(bomFormat, 'CycloneDX');
  const listed = new Set(components.map(({ purl }) => purl));
  const missing = locked.filter(([path, { version }]) => !listed.has(purlOf(path, version ?? '')));
  assert.deepEqual(missing, []);
  assert.deepEqual(
    components.filter(({ hashes }) => hashes?.[0]?.alg !== 'SHA-512'),
    [],
  );
});

interface Sbom {
  bomFormat: string;
  components: Array<{ purl: string; hashes?: Array<{ alg: string }> }>;
}

function packagesOf(text: string): Array<[path: string, entry: LockedPackage]> {
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages).filter(([path]) => path !== '');
}

test('nothing tells people to call npx so that it would fetch a stranger’s package where they are elsewhere', () => {
  const told = [
    'README.md',
    'CHANGELOG.md',
    'policy.example.yaml',
    'config',
    'default-etl',
    'docker',
    'orchestrator',
    'scripts',
  ];
  const files = told.flatMap(name => filesIn(join(root, name)));
  const wrong = files.filter(path => /npx (?!--no )[a-z-]*orchestrator\b/.test(readFileSync(path, 'utf8')));
  assert.deepEqual(wrong, []);
  const { name, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string; bin: object };
  assert.notEqual(name, 'orchestrator', 'which is a package of somebody else in the registry');
  assert.deepEqual(Object.keys(bin), ['orchestrator']);
});

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(md|ts|html|ya?ml)$/.test(name) && !/node_modules|testdata/.test(name))
    .map(name => join(path, name));
}

function faults(packages: Array<[path: string, entry: LockedPackage]>): string[] {
  return packages.flatMap(([path, { integrity = '', resolved }]) => [
    ...(SHA512.test(integrity) ? [] : [`${path}: no SHA-512`]),
    ...(resolved === undefined ? [] : [`${path}: from ${resolved}`]),
  ]);
}

function purlOf(path: string, version: string): string {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}
