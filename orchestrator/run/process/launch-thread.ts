// The thread that starts programs. A view, and a loss of rights, are a thread's own: so they are made here, by calls of
// the kernel that take a fraction of a millisecond, without a program between that would have to be there, and would
// have to be trusted.
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { codeOf, messageOf } from '../../errors.ts';
import { NAMESPACES, openKernel } from './kernel.ts';
import type { LaunchRequest, Order, Report } from './launch.ts';
import { enterView } from './view.ts';

// It waits for its go until its pid is on disk: were we killed before, the pipe would close and it would end, having
// done nothing. So there is no moment at which the program runs and can't be found. Limits are lowered by the shell
// itself: of a process of another user they are the matter of CAP_SYS_RESOURCE. bash calls -u what others call -p.
const GATE = `ulimit -c 0
[ -z "$1" ] || ulimit -f "$1"
[ -z "$2" ] || ulimit -p "$2" 2>/dev/null || ulimit -u "$2"
umask "$3"
shift 3
# rule 10: none runs before its pid is on disk
read -r go || exit 125
exec "$@" <&3 3<&-`;
/** What POSIX counts `ulimit -f` in. */
const BLOCK_BYTES = 512;
const UMASK = 0o022;

const isRoot = process.getuid?.() === 0;
const kernel = openKernel();
kernel.setApart(UMASK);
kernel.keepDescriptors();
if (isRoot) kernel.dropCapabilities();
const home = {
  files: openSync('/proc/thread-self/ns/mnt', 'r'),
  network: openSync('/proc/thread-self/ns/net', 'r'),
  processes: openSync('/proc/thread-self/ns/pid', 'r'),
};
const nothing = openSync('/dev/null', 'r');
const children = new Map<number, ChildProcess>();
let offline: number | undefined;

parentPort?.on('message', (order: Order) => {
  const child = children.get(order.id);
  if (order.kind === 'launch') launch(order.id, order.request);
  else if (order.kind === 'unref') child?.unref();
  else child?.stdin?.end(order.kind === 'go' ? '\n' : '');
});

function launch(id: number, request: LaunchRequest): void {
  try {
    const child = start(request);
    child.once('error', error => tellFailure(id, error));
    if (child.pid === undefined) return;
    children.set(id, child);
    child.stdin?.on('error', () => undefined);
    child.once('exit', (exitCode, signal) => {
      children.delete(id);
      tell({ kind: 'ended', id, exitCode, signal });
    });
    tell({ kind: 'launched', id, pid: child.pid });
  } catch (error) {
    tellFailure(id, error);
  }
}

function start(request: LaunchRequest): ChildProcess {
  const { view, isOffline = false, isAlone = false, user, output } = request;
  const entered: Array<() => void> = [];
  try {
    if (view) {
      kernel.unshare(NAMESPACES.files | NAMESPACES.ipc);
      entered.push(() => kernel.enter(home.files, NAMESPACES.files));
      enterView(view, kernel);
    }
    if (isOffline) {
      goOffline();
      entered.push(() => kernel.enter(home.network, NAMESPACES.network));
    }
    if (isAlone) {
      kernel.unshare(NAMESPACES.processes);
      entered.push(() => kernel.enter(home.processes, NAMESPACES.processes));
    }
    return spawn('/bin/sh', ['-c', GATE, 'orchestrator', ...boundsOf(request), ...request.command], {
      // Only raw descriptors and `detached` let a child outlive us: a pipe breaks at its next line (measured 2026-11).
      // rule 10: they write to a descriptor of the log
      stdio: ['pipe', output.stdout, output.stderr, request.input ?? nothing],
      env: { ...request.environment },
      cwd: request.cwd,
      // rule 10: processes are detached
      detached: true,
      ...user,
    });
  } finally {
    goHome(entered);
  }
}

/** A thread that can't get back starts nothing more: what comes next would have the view of another. */
function goHome(ways: ReadonlyArray<() => void>): void {
  try {
    for (const leave of ways) leave();
  } catch (error) {
    process.exitCode = 1;
    parentPort?.close();
    throw error;
  }
}

/** One network, of nobody, serves all that have none. */
function goOffline(): void {
  if (offline !== undefined) return kernel.enter(offline, NAMESPACES.network);
  kernel.unshare(NAMESPACES.network);
  offline = openSync('/proc/thread-self/ns/net', 'r');
}

function boundsOf({
  limits: { fileBytes, processes },
  umask,
}: LaunchRequest): [blocks: string, processes: string, umask: string] {
  const blocks = fileBytes === undefined ? '' : String(Math.ceil(fileBytes / BLOCK_BYTES));
  return [blocks, processes === undefined ? '' : String(processes), umask.toString(8)];
}

function tell(report: Report): void {
  parentPort?.postMessage(report);
}

function tellFailure(id: number, error: unknown): void {
  tell({ kind: 'failed', id, message: messageOf(error), code: codeOf(error) });
}
