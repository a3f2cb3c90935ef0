import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from './apt.ts';
import { sharedCacheFolder } from './cache.ts';
import { announce, hasCommand, runCommand } from './command.ts';

export const ELASTICSEARCH_VERSION = '9.5.0';

const ARTIFACT = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${ELASTICSEARCH_VERSION}:zip`;

/** Home of the server from Maven Central (130 MB), unpacked once. It has the core modules only. */
export async function elasticsearchHome(): Promise<string> {
  const home = join(sharedCacheFolder(), `elasticsearch-${ELASTICSEARCH_VERSION}`);
  if (existsSync(home)) return home;
  await requireTool('mvn', 'maven');
  await requireTool('unzip', 'unzip');
  const folder = mkdtempSync(join(sharedCacheFolder(), 'unpack-'));
  try {
    announce(`no Elasticsearch is named and none can be pulled: installing ${ARTIFACT} from Maven Central (130 MB)…`);
    await runCommand('unzip', ['-q', await downloadedZip(), '-d', folder]);
    renameInto(join(folder, `elasticsearch-${ELASTICSEARCH_VERSION}`), home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return home;
}

/** Whole or not at all: another run may unpack at the same time, and then its result does as well. */
function renameInto(unpacked: string, home: string): void {
  try {
    renameSync(unpacked, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
  }
}

/** `dependency:get` leaves it in Maven's local repository; where that is, Maven alone knows. */
async function downloadedZip(): Promise<string> {
  const todo = 'set ELASTICSEARCH_NODE to a server instead';
  await runCommand('mvn', ['-q', '-B', 'dependency:get', `-Dartifact=${ARTIFACT}`, '-Dtransitive=false'], {
    cwd: sharedCacheFolder(),
    todo,
  });
  const expression = ['help:evaluate', '-Dexpression=settings.localRepository', '-q', '-DforceStdout', '-B'];
  const usual = join(homedir(), '.m2/repository');
  const repository = existsSync(zipIn(usual)) ? usual : (await runCommand('mvn', expression, { todo })).trim();
  return zipIn(repository);
}

function zipIn(repository: string): string {
  const file = `elasticsearch-${ELASTICSEARCH_VERSION}.zip`;
  return join(repository, 'org/elasticsearch/distribution/integ-test-zip/elasticsearch', ELASTICSEARCH_VERSION, file);
}

async function requireTool(command: string, packageName: string): Promise<void> {
  if (!hasCommand(command)) await installPackages([packageName], 'Elasticsearch comes from Maven Central');
}
