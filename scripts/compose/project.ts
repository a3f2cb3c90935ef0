import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../services/apt.ts';
import { hasCommand, runCommand } from '../services/command.ts';
import { freePort } from '../services/elasticsearch.ts';

const composeFile = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));

/** The project's compose file, started in a folder and under a name of its own. */
export interface ComposeProject {
  folder: string;
  /** Name of the services' own network. */
  network: string;
  password: string;
  elasticsearchUrl: string;
  orchestratorUrl: string;
  /** `docker compose WORDS…`, or docker-compose where that is what there is. Returns its stdout. */
  compose(...words: string[]): Promise<string>;
  /** Stops and removes all of it. */
  remove(): Promise<void>;
}

/** Writes the folder: compose file, `.env`, and `config/` with these YAML texts by file name. Starts nothing. */
export async function makeProject(
  elasticsearchImage: string,
  configs: Record<string, string>,
): Promise<ComposeProject> {
  const command = await composeCommand();
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-compose-'));
  const [elasticsearchPort, orchestratorPort] = [await freePort(), await freePort()];
  const password = randomBytes(12).toString('hex');
  cpSync(composeFile, join(folder, 'docker-compose.yml'));
  for (const name of ['config', 'data']) mkdirSync(join(folder, name));
  for (const [name, text] of Object.entries(configs)) writeFileSync(join(folder, 'config', name), text);
  const settings = {
    COMPOSE_PROJECT_NAME: basename(folder).toLowerCase(),
    COMPOSE_NETWORK: basename(folder).toLowerCase(),
    ELASTICSEARCH_IMAGE: elasticsearchImage,
    ELASTICSEARCH_HEAP: '512m',
    ELASTICSEARCH_PORT: elasticsearchPort,
    ORCHESTRATOR_PORT: orchestratorPort,
    PUBLIC_URL: `http://127.0.0.1:${orchestratorPort}`,
    ELASTIC_PASSWORD: password,
    KIBANA_SYSTEM_PASSWORD: password,
    ORCHESTRATOR_PASSWORD: password,
    ORCHESTRATOR_KIBANA_PASSWORD: password,
    LOG_LEVEL: 'debug',
  };
  writeFileSync(
    join(folder, '.env'),
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  writeFileSync(join(folder, 'docker-compose.override.yml'), WITHOUT_USERS);
  const compose = (...words: string[]): Promise<string> => {
    const [program, ...first] = command;
    return runCommand(program!, [...first, ...words], { cwd: folder });
  };
  return {
    folder,
    network: settings.COMPOSE_NETWORK,
    password,
    elasticsearchUrl: `http://127.0.0.1:${elasticsearchPort}`,
    orchestratorUrl: `http://127.0.0.1:${orchestratorPort}`,
    compose,
    async remove() {
      await compose('stop', '--timeout', '10');
      // What it wrote there is root's, and we need not be.
      await compose(
        'run',
        '--rm',
        '--no-deps',
        '--entrypoint',
        'find',
        'orchestrator',
        '/app/data',
        '-mindepth',
        '1',
        '-delete',
      );
      await compose('down', '--volumes', '--timeout', '10');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Maven Central's server lacks a module for users of its own: what makes one does nothing, and the orchestrator is the
 * superuser.
 */
const WITHOUT_USERS = `
services:
  orchestrator-user: { entrypoint: ['true'], command: [] }
  orchestrator: { environment: { ELASTICSEARCH_USERNAME: elastic } }
`;

/** Version 2 if Docker has it, else Debian's docker-compose, installed where it is missing. */
async function composeCommand(): Promise<string[]> {
  const hasPlugin = await runCommand('docker', ['compose', 'version']).then(
    () => true,
    () => false,
  );
  if (hasPlugin) return ['docker', 'compose'];
  if (!hasCommand('docker-compose')) await installPackages(['docker-compose'], 'docker-compose.yml is tested');
  return ['docker-compose'];
}
