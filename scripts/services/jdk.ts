import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canInstallPackages, installAnyOf } from './apt.ts';
import { isExecutable, runCommand } from './command.ts';

/** What Elasticsearch 9 asks for. */
const OLDEST = 21;

/** Home of a Java of version 21 or newer: JAVA_HOME, the PATH's, one below /usr/lib/jvm, else the distribution's is installed. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<string> {
  const found = await firstUsable(candidates(env));
  if (found) return found;
  // Debian 13 and Ubuntu 24.04 have one, Debian 12 has not; the trimmed ones on PyPI lack the module jdk.incubator.vector.
  const installed = canInstallPackages() && (await installedByApt()) ? await firstUsable(candidates(env)) : undefined;
  if (installed) return installed;
  throw new Error(
    `Elasticsearch needs a JDK of version ${OLDEST} or newer, and none is here or in the distribution's packages; ` +
      'install one (Eclipse Temurin, say) and set JAVA_HOME, or set ELASTICSEARCH_NODE to a server for tests',
  );
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
