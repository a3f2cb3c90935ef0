import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { buildImage, type ImagePlan } from './build.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The ETL alone; and the orchestrator, which has the ETL too, to run it as a process where that is asked for. */
const PLANS: ImagePlan[] = [
  { name: 'orchestrator-etl/default-etl', sources: ['default-etl'], programs: ['default-etl'] },
  {
    name: 'orchestrator-etl/orchestrator',
    sources: ['orchestrator', 'default-etl', 'config'],
    programs: ['orchestrator', 'default-etl'],
  },
];

/** Builds both images where they changed; returns the names of those it built. */
export async function buildImages(docker: Docker, base: string | undefined): Promise<string[]> {
  const built: string[] = [];
  for (const plan of PLANS) {
    if (await buildImage(docker, root, plan, { version: projectVersion(), ...(base ? { base } : {}) }))
      built.push(plan.name);
  }
  return built;
}

function projectVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
