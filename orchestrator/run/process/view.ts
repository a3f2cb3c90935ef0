import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isWithin } from '../../files/within.ts';
import type { Kernel } from './kernel.ts';

/**
 * What a process sees of the machine's files: all that its rights allow to read, but for what is hidden. It writes in
 * its work and its own folders alone.
 */
export interface View {
  /**
   * What it needs, absolute. Each shows through at its own place, however closed the folders on the way to it are; what
   * is not there is left out.
   */
  shown: Shown[];
  /** Folders that are empty, but for what is shown of them, and files that can't be opened. */
  hidden: string[];
  /** Whether it can write nowhere at all, and there are no devices. */
  isReadOnly?: boolean;
  /** Folders that are its own: empty, writable, in memory. */
  own: string[];
  /** A folder that is there, be it empty. */
  workingDir: string;
  /** Files that are only here, in a folder that is hidden. */
  files: Array<{ path: string; text: string }>;
  /** Links that are only here, in a folder that is hidden. */
  links: Link[];
}

export interface Shown {
  path: string;
  /** `work`: it may write there · `data`, `program`: nobody can, whatever the rights say. */
  as: 'work' | 'data' | 'program';
  /** The path without links that was judged: where it leads elsewhere by now, nothing is started. */
  real?: string;
}

interface Link {
  at: string;
  target: string;
}

/** How a path is resolved. */
interface Trace {
  /** Without links. */
  real: string;
  /** Folders that are passed, without links, from the root on. */
  passed: string[];
  links: Link[];
}

interface Bound extends Trace, Pick<Shown, 'as'> {
  isFile: boolean;
  descriptor: number;
}

/** `judged`: the path without links that it must have; null: whichever. */
interface ToBind extends Trace, Pick<Shown, 'as'> {
  judged: string | null;
}

interface Plan {
  /** Hidden folders, and own ones. */
  covers: readonly string[];
  own: readonly string[];
  bound: readonly Bound[];
}

/** Programs that find these in the way of others would leave something behind for whoever has their uid next. */
export const OWN_FOLDERS: string[] = ['/tmp', '/var/tmp', '/dev/shm'];

const MOST_LINKS = 40;
/** From fcntl.h: to be mounted, a folder need not be readable. */
const O_PATH = 0o10000000;
const OTHERS_ENTER = 0o001;
const HIDDEN_OPTIONS = 'mode=0755,size=1m';
const OWN_OPTIONS = 'mode=1777,size=64m';

/** Where nobody judged what links lead to. */
export function shownAs(as: Shown['as'], paths: readonly string[]): Shown[] {
  return paths.map(path => ({ path, as }));
}

/**
 * Gives the calling thread, which has just got mounts of its own, a view of its own, and with it what it starts.
 * Folders are opened before anything is covered, and mounted by their descriptors. Throws a KernelError where this may
 * not be done here; then the thread is to leave for where it was.
 */
export function enterView(view: View, kernel: Kernel): void {
  kernel.keepMountsIn();
  kernel.freeze();
  const traces = view.shown
    .flatMap(({ path, as, real }) => traced(path).map(trace => ({ ...trace, as, judged: real ?? null })))
    .filter(isBelowRoot);
  const workingDir = traced(view.workingDir);
  const own = view.own.flatMap(traced).map(({ real }) => real);
  const hidden = [...view.hidden.flatMap(traced), ...[...traces, ...workingDir].flatMap(closedOn)].map(
    ({ real }) => real,
  );
  const covers = byDepth([...new Set([...own, ...hidden])], path => path);
  const isCovered = (path: string) => covers.some(folder => isWithin(path, folder));
  const bound = openAll(traces.filter(({ real, as }) => as !== 'program' || isCovered(real)));
  const mounted = mountAll({ covers, own, bound }, kernel);
  for (const { real } of workingDir) if (isCovered(real)) mkdirSync(real, { recursive: true });
  for (const { at, target } of [...traces.flatMap(({ links }) => links), ...view.links]) {
    if (isCovered(at)) putLink(at, target);
  }
  for (const { path, text } of view.files) if (isCovered(path)) putFile(path, text);
  for (const path of mounted) if (!own.includes(path)) kernel.restrict(path, { readOnly: true });
  if (view.isReadOnly) kernel.restrict('/', { readOnly: true, recursive: true });
}

/**
 * What lies above goes first: something may be shown below a hidden folder, and something hidden below what is shown.
 * Gives what was hidden.
 */
function mountAll({ covers, own, bound }: Plan, kernel: Kernel): string[] {
  const mounted: string[] = [];
  const steps = byDepth(
    [
      ...covers.map(real => ({ real, take: () => void (hide(real, own, kernel) && mounted.push(real)) })),
      ...bound.map(one => ({ real: one.real, take: () => show(one, kernel) })),
    ],
    ({ real }) => real,
  );
  try {
    for (const { take } of steps) take();
  } finally {
    for (const { descriptor } of bound) closeSync(descriptor);
  }
  return mounted;
}

/** One that went with a folder above it need not be hidden once more. */
function hide(path: string, own: readonly string[], kernel: Kernel): boolean {
  if (!isThere(path)) return false;
  if (statSync(path).isFile()) kernel.bind('/dev/null', path);
  else kernel.mountMemory(path, own.includes(path) ? OWN_OPTIONS : HIDDEN_OPTIONS);
  return true;
}

function show({ real, as, isFile, descriptor }: Bound, kernel: Kernel): void {
  if (!isThere(real)) {
    mkdirSync(isFile ? dirname(real) : real, { recursive: true });
    if (isFile) writeFileSync(real, '');
  }
  kernel.bind(`/proc/self/fd/${descriptor}`, real);
  kernel.restrict(real, { readOnly: as !== 'work', recursive: true });
}

/** Empty where there is nothing. */
function traced(path: string): Trace[] {
  const passed: string[] = [];
  const links: Link[] = [];
  const names = namesOf(path);
  let at = '/';
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    passed.push(at);
    const next = join(at, name);
    const stats = lstatSync(next, { throwIfNoEntry: false });
    if (stats === undefined || links.length > MOST_LINKS) return [];
    if (!stats.isSymbolicLink()) {
      at = next;
      continue;
    }
    const target = readlinkSync(next);
    links.push({ at: next, target });
    names.unshift(...namesOf(target));
    if (isAbsolute(target)) at = '/';
  }
  return [{ real: at, passed, links }];
}

function isBelowRoot({ real }: Trace): boolean {
  return real !== '/';
}

function namesOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.');
}

/** The first folder on the way that a stranger can't pass. */
function closedOn({ passed }: Trace): Array<{ real: string }> {
  const closed = passed.find(folder => (statSync(folder).mode & OTHERS_ENTER) === 0);
  return closed === undefined || closed === '/' ? [] : [{ real: closed }];
}

function openAll(traces: readonly ToBind[]): Bound[] {
  const bound: Bound[] = [];
  try {
    for (const trace of traces) {
      const descriptor = openSync(trace.real, O_PATH | constants.O_NOFOLLOW);
      bound.push({ ...trace, isFile: !fstatSync(descriptor).isDirectory(), descriptor });
      // The kernel says where it is, whatever was swapped on the way there.
      const isJudged = trace.judged === null || readlinkSync(`/proc/self/fd/${descriptor}`) === trace.judged;
      if (!isJudged) throw new Error(`${trace.judged} was swapped for something else`);
    }
    return bound;
  } catch (error) {
    for (const { descriptor } of bound) closeSync(descriptor);
    throw error;
  }
}

function byDepth<Item>(items: readonly Item[], pathOf: (item: Item) => string): Item[] {
  return items.toSorted((a, b) => namesOf(pathOf(a)).length - namesOf(pathOf(b)).length);
}

function putLink(at: string, target: string): void {
  if (lstatSync(at, { throwIfNoEntry: false })) return;
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(target, at);
}

function putFile(path: string, text: string): void {
  if (isThere(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o444 });
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
