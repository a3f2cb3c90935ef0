import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import * as attention from '../rules/attention.ts';
import * as attempts from '../rules/attempts.ts';
import { Changes } from './changes.ts';
import { claim, hasten } from '../rules/claiming.ts';
import { openDatabase, type OpenOptions } from './connection.ts';
import * as delivering from '../rules/deliveries.ts';
import * as disposing from '../rules/disposing.ts';
import type { Journal } from '../journal.ts';
import { knownAt, knownFiles } from '../rules/known-files.ts';
import * as forgetting from '../rules/forgetting.ts';
import * as leases from '../rules/leases.ts';
import * as mending from '../rules/mending.ts';
import { indexNames } from './name-index.ts';
import { latestDone, latestRun, latestVersion, openRun, runById } from '../rules/paths.ts';
import * as places from '../rules/places.ts';
import { prune } from '../rules/pruning.ts';
import * as reading from '../rules/reading.ts';
import * as requests from '../rules/requests.ts';
import * as telling from '../rules/telling.ts';
import { searchPaths, searchRuns } from './searching.ts';
import { Store } from './store.ts';
import * as watching from '../rules/watching.ts';

export interface SqliteJournalOptions extends OpenOptions {
  /** Of the database file; its folder must exist. */
  path: string;
  clock: Clock;
  logger?: Logger;
}

/** The journal in a SQLite file: WAL, synced by us (wal-file.ts); what a call promises is on disk when it resolves. */
export function openSqliteJournal(options: SqliteJournalOptions): Journal {
  const store = new Store(options.path, openDatabase(options.path, options));
  const changes = new Changes(store, options.clock, options.logger);
  return {
    ...watchCalls(store),
    ...scheduleCalls(store),
    ...requestCalls(store),
    ...attentionCalls(store),
    ...forgetCalls(store),
    ...deliveryCalls(store),
    ...tellCalls(store),
    ...readCalls(store, changes),
    ...upkeep(store, changes),
  };
}

function watchCalls(store: Store) {
  return {
    knownFiles: (dataset, page = {}) => store.read(() => knownFiles(store, dataset, page)),
    knownAt: (dataset, files) => store.read(() => knownAt(store, dataset, files)),
    knownFile: (dataset, file) => store.read(() => knownAt(store, dataset, [file])[0]),
    firstWatch: (dataset, now) => store.write(() => watching.firstWatch(store, dataset, now)),
    existingKnown: dataset => store.write(() => watching.existingKnown(store, dataset)),
    settle: request => store.write(() => watching.settle(store, request)),
    queue: request => store.write(() => watching.queue(store, request)),
    unsettle: (runId, reason, now) => store.write(() => watching.unsettle(store, runId, reason, now)),
    leaveAlone: request => store.write(() => watching.leaveAlone(store, request)),
    ignore: (dataset, file, version) => store.write(() => watching.ignore(store, dataset, file, version)),
    absent: gone => store.write(() => gone.flatMap(each => watching.absent(store, each) ?? [])),
    place: dataset => store.glance(() => places.place(store, dataset)),
    recordPlace: (dataset, now, folders, signal) => places.recordPlace(store, dataset, { now, folders, signal }),
    suspects: dataset => store.read(() => places.suspects(store, dataset)),
    clearSuspects: (dataset, folder) => places.clearSuspects(store, dataset, folder),
  } satisfies Partial<Journal>;
}

function scheduleCalls(store: Store) {
  return {
    claim: request => store.writeEarly(() => claim(store, request)),
    hasten: now => store.write(() => hasten(store, now)),
    nextDueAt: now => store.glance(() => reading.nextDueAt(store, now)),
    ledger: (lease, request) => store.write(() => attempts.ledger(store, lease, request)),
    started: (lease, runner, handle) => store.write(() => attempts.started(store, lease, runner, handle)),
    progress: (lease, progress) => store.write(() => attempts.progress(store, lease, progress)),
    decided: (lease, decisions) => store.write(() => attempts.decided(store, lease, decisions)),
    reserve: (lease, rows) => store.write(() => attempts.reserve(store, lease, rows)),
    finish: (lease, how, now, exitCode) => store.write(() => attempts.finish(store, lease, how, now, exitCode)),
    heartbeat: request => store.write(() => leases.heartbeat(store, request)),
    endOtherLeases: holder => store.write(() => leases.endOtherLeases(store, holder)),
    takeOver: request => store.write(() => leases.takeOver(store, request)),
    adopt: lease => store.write(() => leases.adopt(store, lease)),
  } satisfies Partial<Journal>;
}

function requestCalls(store: Store) {
  return {
    cancel: (runId, now) => store.write(() => requests.cancel(store, runId, now)),
    cancelRequests: holder => store.glance(() => leases.cancelRequests(store, holder)),
    replay: (runId, now, found) => store.write(() => requests.replay(store, runId, now, found)),
    mend: (runId, mendFile, now) => store.write(() => mending.mend(store, runId, mendFile, now)),
    submit: request => store.write(() => requests.submit(store, request)),
    submitStored: request => store.write(() => requests.submitStored(store, request)),
    pause: (dataset, paused) => store.write(() => requests.pause(store, dataset, paused)),
    intend: disposal => store.write(() => disposing.intend(store, disposal)),
    intents: () => store.read(() => disposing.intents(store)),
    moves: (dataset, file, hash) => store.glance(() => disposing.moves(store, dataset, file, hash)),
    closeDisposal: (runId, state, error, target) =>
      store.write(() => disposing.closeDisposal(store, runId, state, error, target)),
    stored: (dataset, file) => store.read(() => disposing.stored(store, dataset, file)),
  } satisfies Partial<Journal>;
}

function attentionCalls(store: Store) {
  return {
    attention: filter => store.read(() => attention.attention(store, filter)),
    waiting: filter => store.read(() => attention.waiting(store, filter)),
    waitReasons: () => store.read(() => attention.waitReasons(store)),
    acknowledge: (runId, now) => store.write(() => attention.acknowledge(store, runId, now)),
    acknowledgeAll: (dataset, now) => store.write(() => attention.acknowledgeAll(store, dataset, now)),
  } satisfies Partial<Journal>;
}

function deliveryCalls(store: Store) {
  return {
    deliveries: runId => store.read(() => delivering.deliveries(store, runId)),
    loads: () => store.read(() => delivering.loads(store)),
    setLoads: loads => store.write(() => delivering.setLoads(store, loads)),
    rowsUnder: dataset => store.read(() => delivering.rowsUnder(store, dataset)),
    loadedKeys: (dataset, after) => store.read(() => delivering.loadedKeys(store, dataset, after)),
    carryOver: (from, to) => store.write(() => delivering.carryOver(store, from, to)),
  } satisfies Partial<Journal>;
}

function tellCalls(store: Store) {
  return {
    endedBehind: (place, most) => store.read(() => telling.endedBehind(store, place, most)),
    toldTo: reader => store.read(() => telling.toldTo(store, reader)),
    setTold: (reader, place) => store.write(() => telling.setTold(store, reader, place)),
  } satisfies Partial<Journal>;
}

function forgetCalls(store: Store) {
  return {
    heldKeys: dataset => store.read(() => forgetting.heldKeys(store, dataset)),
    rowsGone: (fileKey, index) => store.write(() => forgetting.rowsGone(store, { fileKey, index })),
    nextVersion: (dataset, now) => store.write(() => forgetting.nextVersion(store, dataset, now)),
    assertForgettable: dataset => store.read(() => forgetting.assertForgettable(store, dataset)),
    forget: dataset => forgetting.forget(store, dataset),
  } satisfies Partial<Journal>;
}

function readCalls(store: Store, changes: Changes) {
  return {
    latestVersion: (dataset, file) => store.read(() => latestVersion(store, dataset, file)),
    latestDone: (dataset, file) => store.read(() => latestDone(store, dataset, file)),
    latest: (dataset, file) => store.read(() => latestRun(store, dataset, file)),
    openRun: (dataset, file) => store.read(() => openRun(store, dataset, file)),
    run: id => store.read(() => runById(store, id)),
    runs: filter => reading.runs(store, filter, search => searchRuns(store, search)),
    attempts: runId => store.read(() => attempts.attemptsOf(store, runId)),
    lastRunner: dataset => store.read(() => reading.lastRunner(store, dataset)),
    decisions: runId => store.read(() => reading.decisions(store, runId)),
    origin: run => store.read(() => mending.originOf(store, run)),
    mends: runId => store.read(() => mending.mendsOf(store, runId)),
    pathsAt: absolute => store.read(() => reading.pathsAt(store, absolute)),
    pathsNamed: (name, most) => searchPaths(store, name, most),
    disposals: runId => store.read(() => disposing.disposalsOf(store, runId)),
    summaries: () => store.read(() => reading.summaries(store)),
    onChange: listener => changes.listen(listener),
  } satisfies Partial<Journal>;
}

function upkeep(store: Store, changes: Changes) {
  return {
    indexNames: signal => indexNames(store, signal),
    prune: request => prune(store, request),
    close: async () => {
      changes.stop();
      await store.close();
    },
  } satisfies Partial<Journal>;
}
