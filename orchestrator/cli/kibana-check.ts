import { open } from 'node:fs/promises';
import { messageOf, OrchestratorError } from '../errors.ts';
import { checkAgainstServer } from '../kibana/check/check-server.ts';
import { checkStructure } from '../kibana/check/check-structure.ts';
import { countText, findingText } from '../kibana/check/findings-text.ts';
import type { Finding } from '../kibana/check/finding.ts';
import { readObjects } from '../kibana/check/read-objects.ts';
import type { SavedObject } from '../kibana/check/saved-object.ts';
import { elasticsearchServer } from '../kibana/check/server/server.ts';
import { toNdjson } from '../kibana/objects/ndjson.ts';
import { connectRows } from '../kibana/rows-client.ts';
import type { CommandDeps } from './deps.ts';
import { chosenDatasets, partsOf } from './kibana-export.ts';

export interface CheckRequest {
  /** Files of saved objects (.ndjson, or .json of a package), and names of datasets; empty: all datasets. */
  what: readonly string[];
  /** Looks at the files alone, and asks no server. */
  offline: boolean;
}

/**
 * `orchestrator kibana check [FILE… | DATASET…]`: writes what is found as compilers do, then a summary. Resolves with
 * the exit code: 1 where there is a mistake; doubts alone are 0.
 */
export async function checkDashboards(deps: CommandDeps, { what, offline }: CheckRequest): Promise<number> {
  const files = what.filter(isFile);
  const names = what.filter(name => !isFile(name));
  if (offline && (names.length > 0 || files.length === 0))
    throw new OrchestratorError('never', '--offline is for files: a dataset’s dashboard is made of its rows');
  const findings: Finding[] = [];
  const sources = await Promise.all(files.map(async file => ({ name: file, text: await readText(file) })));
  const { texts, isMissing } = files.length > 0 && names.length === 0 ? NONE : await datasetTexts(deps, names);
  const checked = [...sources, ...texts].map(({ name, text }) => readObjects(name, text, findings));
  await checkAll(deps, checked, offline, findings);
  for (const finding of findings) deps.terminal.write(`${findingText(finding)}\n`);
  deps.terminal.write(`${checked.length} checked: ${countText(findings)}\n`);
  return isMissing || checked.length === 0 || findings.some(({ level }) => level === 'mistake') ? 1 : 0;
}

const NONE = { texts: [], isMissing: false };

function isFile(name: string): boolean {
  return /\.(ndjson|json)$/i.test(name);
}

/** What is read of a file; the check itself refuses more than that. */
const MAX_BYTES = 65 << 20;

async function readText(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new OrchestratorError('never', `${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
}

/** What would be exported for the datasets now. */
async function datasetTexts(deps: CommandDeps, names: readonly string[]) {
  const { parts, isMissing } = await partsOf(deps, await chosenDatasets(deps, names), {
    areNamed: names.length > 0,
    pageUrl: deps.publicUrl(),
  });
  return { texts: parts.map(({ name, objects }) => ({ name, text: toNdjson(objects) })), isMissing };
}

async function checkAll(
  deps: CommandDeps,
  checked: readonly SavedObject[][],
  offline: boolean,
  findings: Finding[],
): Promise<void> {
  const readings = checked.map(objects => checkStructure(objects, findings));
  if (offline) return;
  const settings = deps.elasticsearch();
  if (settings === null)
    throw new OrchestratorError('never', 'ELASTICSEARCH_NODE is not set: set it, or check files with --offline');
  const client = connectRows(settings, deps.kibana());
  try {
    const server = elasticsearchServer(client, deps.interrupted);
    for (const reading of readings) await checkAgainstServer(reading, server, deps.now());
  } finally {
    await client.close();
  }
}
