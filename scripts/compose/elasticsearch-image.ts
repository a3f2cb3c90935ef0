import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { provideBaseImage } from '../images/base-image.ts';
import { announce } from '../services/command.ts';
import { followProgress, hasImage, pullImage, tarOf } from '../services/docker-client.ts';
import { ELASTICSEARCH_VERSION, elasticsearchHome } from '../services/elasticsearch-archive.ts';
import { findJava } from '../services/jdk.ts';

const OFFICIAL = `elasticsearch:${ELASTICSEARCH_VERSION}`;
const IMAGE_FOLDER = fileURLToPath(new URL('image', import.meta.url));
// One that was made of other files is another image.
const LOCAL = `orchestrator-etl/elasticsearch:${ELASTICSEARCH_VERSION}-${contentOf(IMAGE_FOLDER)}`;
const PULL_LIMIT_MS = 300_000;

/** What only compilers need, and more than half of a JDK. */
const SUPERFLUOUS = /\/(jmods|man|demo|src\.zip|include)$/;

/**
 * Name of an image with Elasticsearch: the official one if it is here or can be pulled, else one made from Maven
 * Central's server.
 */
export async function provideElasticsearchImage(docker: Docker, base: string | undefined): Promise<string> {
  if (await hasImage(docker, OFFICIAL)) return OFFICIAL;
  if (await hasImage(docker, LOCAL)) return LOCAL;
  if (await pullImage(docker, OFFICIAL, PULL_LIMIT_MS)) return OFFICIAL;
  announce(`${OFFICIAL} can't be pulled: making ${LOCAL} from Maven Central's server…`);
  await buildLocal(docker, base);
  return LOCAL;
}

async function buildLocal(docker: Docker, base: string | undefined): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'orchestrator-elasticsearch-image-'));
  try {
    cpSync(IMAGE_FOLDER, context, { recursive: true });
    cpSync(await elasticsearchHome(), join(context, 'elasticsearch'), { recursive: true });
    const java = realpathSync(await findJava(process.env));
    cpSync(java, join(context, 'java'), {
      recursive: true,
      dereference: true,
      filter: path => !SUPERFLUOUS.test(path.slice(java.length)),
    });
    const stream = await docker.buildImage(tarOf(context), {
      t: LOCAL,
      buildargs: { BASE_IMAGE: await provideBaseImage(docker, base) },
      forcerm: true,
    });
    await followProgress(docker, stream);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function contentOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).toSorted()) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 8);
}
