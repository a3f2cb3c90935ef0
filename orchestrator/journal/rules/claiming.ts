import type { ClaimRequest, DatasetSlots, Run } from '../journal.ts';
import type { Tx } from './tx.ts';

/** A queued run that may be claimed. */
interface Candidate {
  seq: number;
  id: string;
  dataset: string;
  priority: number;
  queued_at: number | null;
}

interface BatchCandidate extends Candidate {
  root: string;
  action: string;
  ready: number;
  free: number;
}

type Order = DatasetSlots['order'];

const ORDER_COLUMNS: Record<Order, string> = { arrival: 'seq', name: 'file', mtime: 'mtime_ns, seq' };

const PATH_IS_FREE = `NOT EXISTS (
  -- rule 2: and waits for the running one
  SELECT 1 FROM runs AS other WHERE other.dataset = q.dataset AND other.file = q.file AND other.state = 'running')`;

/** The first of a dataset that are due, in its order. */
function freeLineSql(order: Order): string {
  return `SELECT seq, id, dataset, priority, queued_at FROM runs AS q
    WHERE dataset = $dataset AND state = 'queued' AND ready = 1 AND ${PATH_IS_FREE}
    ORDER BY priority DESC, ${ORDER_COLUMNS[order]} LIMIT $limit`;
}

/** The first of those that are due, and the first of those that are not: the first of the two is the head of the line. */
function strictLineSql(order: Order): string {
  const head = (ready: 0 | 1) => `SELECT * FROM (
    SELECT seq, id, dataset, priority, queued_at, file, mtime_ns, ready FROM runs
    WHERE dataset = $dataset AND state = 'queued' AND ready = ${ready} ORDER BY priority DESC, ${ORDER_COLUMNS[order]} LIMIT 1)`;
  return `SELECT seq, id, dataset, priority, queued_at FROM (
      SELECT * FROM (${head(1)} UNION ALL ${head(0)}) ORDER BY priority DESC, ${ORDER_COLUMNS[order]} LIMIT 1
    ) AS q WHERE ready = 1 AND ${PATH_IS_FREE}`;
}

/** Everything queued of a dataset in its order: one batch is made of what is due. */
function batchSql(order: Order): string {
  return `SELECT seq, id, dataset, priority, queued_at, root, action, ready, ${PATH_IS_FREE} AS free FROM runs AS q
    WHERE dataset = $dataset AND state = 'queued' ORDER BY priority DESC, ${ORDER_COLUMNS[order]}`;
}

/**
 * Chooses and leases. The choice reads a few rows of each dataset's line, however long the line is: runs that are not due
 * yet, or came due, stand in lines of their own (`ready`).
 */
export function claim(tx: Tx, request: ClaimRequest): Run[][] {
  const { now } = request;
  tx.execute(`UPDATE runs SET ready = 1 WHERE state = 'queued' AND ready = 0 AND due_at <= $now`, { now });
  const slots = request.slots.filter(slot => mayClaim(tx, slot));
  const lines = slots.map(slot => lineOf(tx, slot, request.limit));
  return chooseFrom(lines, request).map(chosen => lease(tx, chosen, request));
}

/**
 * The clock was set back, or is behind what the last process had: runs that were given back to the queue at a time that
 * is still to come are due now, for their pause would be longer by all that. Returns how many.
 */
export function hasten(tx: Tx, now: number): number {
  const waiting = tx.all<{ id: string }>(
    `SELECT id FROM runs WHERE state = 'queued' AND ready = 0 AND due_at > $now
       AND EXISTS (SELECT 1 FROM attempts WHERE run_id = runs.id AND attempts.ended_at > $now)`,
    { now },
  );
  for (const { id } of waiting) tx.updateRun(id, 'due_at = $now, ready = 1', { now });
  return waiting.length;
}

function mayClaim(tx: Tx, slot: DatasetSlots): boolean {
  if (slot.free < 1) return false;
  const { dataset } = slot;
  const isPaused = 'SELECT 1 FROM datasets WHERE name = $dataset AND paused = 1';
  if (tx.get(isPaused, { dataset }) !== undefined) return false;
  if (!isOneAtATime(slot)) return true;
  const hasRunning = `SELECT 1 FROM runs WHERE dataset = $dataset AND state = 'running' LIMIT 1`;
  return tx.get(hasRunning, { dataset }) === undefined;
}

function isOneAtATime(slot: DatasetSlots): boolean {
  // rule 11: one run at a time of a dataset
  return slot.strict || slot.perFolder || slot.exclusive === true;
}

/** What may be claimed of each dataset. */
interface Line {
  /** First things first; each element is one claim. */
  claims: Candidate[][];
  running: number;
  lastStartAt: number;
}

function lineOf(tx: Tx, slot: DatasetSlots, limit: number): Line {
  const { running = 0, lastStartAt = 0 } = slot;
  return { claims: claimsOf(tx, slot, limit), running, lastStartAt };
}

function claimsOf(tx: Tx, slot: DatasetSlots, limit: number): Candidate[][] {
  const { dataset, order } = slot;
  if (slot.perFolder) return batchLine(tx, slot);
  if (slot.strict) return tx.all<Candidate>(strictLineSql(order), { dataset }).map(run => [run]);
  const most = slot.exclusive === true ? 1 : Math.min(slot.free, limit);
  return tx.all<Candidate>(freeLineSql(order), { dataset, limit: most }).map(run => [run]);
}

function batchLine(tx: Tx, slot: DatasetSlots): Candidate[][] {
  const queued = tx.all<BatchCandidate>(batchSql(slot.order), { dataset: slot.dataset });
  const isDue = (run: BatchCandidate) => run.ready === 1 && run.free === 1;
  const firstWaiting = queued.findIndex(run => !isDue(run));
  const due = slot.strict && firstWaiting >= 0 ? queued.slice(0, firstWaiting) : queued.filter(isDue);
  const head = due[0];
  if (head === undefined) return [];
  // A mend has its own records and can't share a list of files; files run from elsewhere are in another folder.
  if (head.action === 'mend') return [[head]];
  return [due.filter(run => run.action !== 'mend' && run.root === head.root)];
}

/**
 * A dataset that waits for so long, and of which nothing was started for as long, is next whatever its PRIORITY: none
 * waits for ever.
 */
const PATIENCE_MS = 10 * 60_000;

/**
 * Highest priority first. Of equal ones the dataset of which the fewest go on, then the one that had its turn longest
 * ago, then what came first: none takes all slots while another waits. Within a dataset its own order stands.
 */
function chooseFrom(lines: Line[], { limit, now }: ClaimRequest): Candidate[][] {
  const chosen: Candidate[][] = [];
  const waiting = lines.filter(({ claims }) => claims.length > 0);
  while (chosen.length < limit && waiting.length > 0) {
    const best = waiting.reduce((first, line) => (isBefore(line, first, now) ? line : first));
    chosen.push(best.claims.shift() as Candidate[]);
    best.running++;
    best.lastStartAt = now + chosen.length;
    if (best.claims.length === 0) waiting.splice(waiting.indexOf(best), 1);
  }
  return chosen;
}

function isBefore(line: Line, other: Line, now: number): boolean {
  const [ranks, others] = [ranksOf(line, now), ranksOf(other, now)];
  const differing = ranks.findIndex((rank, index) => rank !== others[index]);
  return (ranks[differing] as number) < (others[differing] as number);
}

/** The lower the earlier; what comes first counts first. */
function ranksOf({ claims, running, lastStartAt }: Line, now: number): number[] {
  const { priority, seq, queued_at: queuedAt } = (claims[0] as Candidate[])[0] as Candidate;
  // Queued before the clock was set back: for how long it has waited isn't known.
  const since = queuedAt === null ? now : queuedAt > now ? 0 : queuedAt;
  const waitsSince = Math.max(since, lastStartAt);
  return [now - waitsSince < PATIENCE_MS ? 1 : 0, -priority, running, lastStartAt, seq];
}

function lease(tx: Tx, batch: Candidate[], request: ClaimRequest): Run[] {
  const { holder, leaseMs, now } = request;
  const batchId =
    batch.length > 1 || request.slots.some(slot => isBatchOf(slot, batch)) ? (batch[0]?.id ?? null) : null;
  return batch.map(({ id }) => {
    const run = tx.updateRun(
      id,
      `state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, $now), due_at = NULL, ready = NULL,
       error = NULL, runner = NULL, handle = NULL, batch = $batch, lease_holder = $holder, lease_until = $until`,
      { now, batch: batchId, holder, until: now + leaseMs },
    );
    const sql = 'INSERT INTO attempts (run_id, attempt, started_at, holder) VALUES ($id, $attempt, $now, $holder)';
    tx.execute(sql, { id, attempt: run.attempt, now, holder });
    return run;
  });
}

function isBatchOf(slot: DatasetSlots, batch: Candidate[]): boolean {
  return slot.perFolder && slot.dataset === batch[0]?.dataset;
}
