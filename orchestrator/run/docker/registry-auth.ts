import { readFile } from 'node:fs/promises';
import type { AuthConfigObject } from 'dockerode';
import { codeOf, messageOf, OrchestratorError } from '../../errors.ts';

const DOCKER_HUB = 'https://index.docker.io/v1/';

/** What `docker login` writes: credentials by registry. Credential helpers (credsStore) are programs, and are not asked. */
interface DockerConfig {
  auths?: Record<string, { auth?: string; identitytoken?: string }>;
}

/**
 * Who pulls this image, as `docker login` noted it in the file; undefined where it holds nothing of the image's
 * registry, or isn't there. Read anew each time, so that a login takes effect at once. Throws `wait` where the file
 * can't be read.
 */
export async function registryAuth(configFile: string, image: string): Promise<AuthConfigObject | undefined> {
  const { auths = {} } = await readConfig(configFile);
  const serveraddress = registryOf(image);
  const entry = auths[serveraddress] ?? auths[`https://${serveraddress}`];
  const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(entry?.auth ?? '', 'base64').toString()) ?? [];
  if (username === undefined || password === undefined) return undefined;
  const { identitytoken } = entry ?? {};
  return { username, password, serveraddress, ...(identitytoken === undefined ? {} : { identitytoken }) };
}

/** The first part of an image's name is a registry where it looks like a host; else it is Docker Hub. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : DOCKER_HUB;
}

async function readConfig(file: string): Promise<DockerConfig> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as DockerConfig;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new OrchestratorError('wait', `${file}, for pulling images, can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
