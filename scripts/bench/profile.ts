// Where the default ETL's time goes: V8's samples of its main thread, by area and by function.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadByProcess } from './default-etl.ts';
import type { Target } from './elasticsearch.ts';
import { round, type Rows } from './measure.ts';

export const PROFILE_CAPTION = `Self time of the main thread, the mapping being inferred, by samples every 0.25 ms, which slow it down by some percent. What other threads do (reading
the file, collecting garbage beside the program) is not in it.`;

const INDEX = 'bench-profile';
const SAMPLE_MICROSECONDS = 250;
const TOP = 25;

interface Frame {
  functionName: string;
  url: string;
  lineNumber: number;
}

interface Node {
  id: number;
  callFrame: Frame;
  children?: number[];
}

/** A .cpuprofile, as the DevTools protocol describes it: samples name nodes of the call tree, deltas are microseconds. */
interface Profile {
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
}

const START = 'start and end: modules, the process';
/** Loaders and what makes the process ready: all that is called from there is the start, whichever module is evaluated. */
const LOADERS = /^node:internal\/(modules|bootstrap|main|process\/pre_execution)/;

/** Areas of the program, by the file nearest to the top of the stack. What comes first counts. */
const AREAS: Array<[area: string, urls: RegExp]> = [
  ['types: what the columns are', /\/default-etl\/types\//],
  ['tokenize: bytes to cells', /\/default-etl\/(extract|unpack|source|batch|lease)/],
  ['steps', /\/default-etl\/transform\//],
  ['render: cells to documents', /\/default-etl\/load\/(actions|bulk-request|json-bytes)/],
  [
    'send: requests and answers',
    /\/default-etl\/load\/|\/@elastic\/|^node:(_?http|net|internal\/(http|stream|js_stream))/,
  ],
  ['the rest of the program', /\/default-etl\//],
];

export async function profileEtl(target: Target, file: string): Promise<Rows> {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-profile-'));
  const load = { node: target.node, file, index: INDEX, types: 'inferred' } as const;
  const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_MICROSECONDS}`];
  try {
    await target.remove(INDEX);
    await target.settle();
    await loadByProcess(load, nodeOptions);
    const [name] = readdirSync(folder);
    if (name === undefined) throw new Error(`Node left no profile in ${folder}`);
    return profileRows(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile);
  } finally {
    await target.remove(INDEX);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Self time: first by area, then the functions that take most. */
export function profileRows(profile: Profile): Rows {
  const nodes = new Map(profile.nodes.map(node => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id] as const)),
  );
  const areas = new Map<string, number>();
  const functions = new Map<string, number>();
  profile.samples.forEach((id, position) => {
    const microseconds = profile.timeDeltas[position] ?? 0;
    const stack = stackOf(id, nodes, parents);
    const area = areaOf(stack);
    add(areas, area, microseconds);
    if (area !== IDLE) add(functions, `${area.split(':')[0]} · ${nameOf(stack[0]!)}`, microseconds);
  });
  return [...rowsOf('by area', areas), ...rowsOf('by function', functions).slice(0, TOP)];
}

const IDLE = 'idle: waiting for Elasticsearch or the disk';

/** From the function that runs to the root. */
function stackOf(id: number, nodes: Map<number, Node>, parents: Map<number, number>): Frame[] {
  const stack: Frame[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(nodes.get(at)!.callFrame);
  return stack;
}

function areaOf(stack: Frame[]): string {
  const { functionName } = stack[0]!;
  if (functionName === '(idle)') return IDLE;
  if (functionName === '(garbage collector)') return 'collecting garbage';
  if (stack.some(({ url }) => LOADERS.test(url))) return START;
  for (const { url } of stack) {
    const area = AREAS.find(([, urls]) => urls.test(url))?.[0];
    if (area !== undefined) return area;
  }
  return "Node's own, and the system";
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const place = url.replace(/^.*\/(?=default-etl\/|node_modules\/)/, '');
  return `${functionName || '(module)'}${place === '' ? '' : ` ${place}:${lineNumber + 1}`}`;
}

function add(times: Map<string, number>, key: string, microseconds: number): void {
  times.set(key, (times.get(key) ?? 0) + microseconds);
}

function rowsOf(kind: string, times: Map<string, number>): Rows {
  const busy = [...times].reduce((sum, [key, time]) => (key === IDLE ? sum : sum + time), 0);
  return [...times]
    .toSorted(([, a], [, b]) => b - a)
    .map(([what, time]) => ({
      kind,
      what,
      ms: round(time / 1000),
      'share of busy %': what === IDLE ? null : round((time / busy) * 100, 1),
    }));
}
