import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { Clock } from '../../clock.ts';
import { statusOf } from '../../errors.ts';
import { EngineSilent } from './engine-errors.ts';

/** How long an engine may take, in milliseconds. */
export interface Patience {
  /** To answer what only asks. */
  askMs: number;
  /** To make, start, stop, remove or fetch something. */
  workMs: number;
  /** To answer that it is there at all: who doesn't hangs, and nothing that was asked is answered any more. */
  pulseMs: number;
  /** From one such question to the next one, while an answer is awaited. */
  pauseMs: number;
}

export interface EngineCalls {
  /** Whether it has given no answer when it was asked last. */
  isSilent(): boolean;
  /** Ends all that goes on, and asks nothing more. */
  close(): void;
}

const PATIENCE: Patience = { askMs: 60_000, workMs: 300_000, pulseMs: 10_000, pauseMs: 5_000 };
/** An orchestrator that was stopped itself finds an answer that came meanwhile, before it takes the time for over. */
const LATE_MS = 500;
const ANY_STATUS = { 200: true, 500: 'server error' };

type Dial = Docker['modem']['dial'];
type Request = Parameters<Dial>[0];
type Callback = NonNullable<Parameters<Dial>[1]>;
type Result = Parameters<Callback>[1];

/** What was asked and is not over; with a stream, not read to its end. */
interface Call {
  fail(error: Error): void;
}

/**
 * Gives every call of a client a limit. An answer that is a stream (a log, the end of a container) may take as long as
 * it will, but only while the engine answers otherwise: one that hangs breaks no connection.
 */
export function limitCalls(docker: Docker, clock: Clock, patience: Patience = PATIENCE): EngineCalls {
  const { modem } = docker;
  const send = modem.dial.bind(modem);
  const calls = new Set<Call>();
  let silent = false;
  let isClosed = false;
  let callOffPulse: (() => void) | undefined;

  function dial(request: Request, callback: Callback): void {
    if (isClosed) return callback(new EngineSilent(), null);
    const limitMs = request.method === 'GET' ? patience.askMs : patience.workMs;
    const stop = new AbortController();
    let isAnswered = false;
    const callOff = after(limitMs, () => call.fail(new EngineSilent()));
    const call: Call = {
      fail(error) {
        answer(error, null);
        stop.abort(error);
      },
    };

    function answer(error: Error | null, result: Result): void {
      if (isAnswered) return;
      isAnswered = true;
      callOff();
      // Who calls off what he asked learns nothing of the engine.
      if (!request.abortSignal?.aborted) note(error);
      if (error === null && request.isStream && !request.hijack) keep(call, result as Readable);
      else calls.delete(call);
      callback(error, result);
    }

    calls.add(call);
    const signals = [stop.signal, request.abortSignal].filter(signal => signal !== undefined);
    send({ ...request, abortSignal: AbortSignal.any(signals) }, answer);
    callOffPulse ??= nextPulse();
  }

  function keep(call: Call, stream: Readable): void {
    call.fail = error => void stream.destroy(error);
    stream.once('close', () => calls.delete(call));
  }

  function note(error: Error | null): void {
    silent = error !== null && statusOf(error) === undefined;
  }

  function after(ms: number, callback: () => void): () => void {
    let callOff = clock.after(ms, () => {
      callOff = clock.after(LATE_MS, callback);
    });
    return () => callOff();
  }

  function nextPulse(): () => void {
    return clock.after(patience.pauseMs, () => {
      void pulse().then(error => {
        if (isClosed) return;
        note(error);
        if (error !== null && statusOf(error) === undefined) failAll(error);
        callOffPulse = calls.size > 0 || silent ? nextPulse() : undefined;
      });
    });
  }

  function pulse(): Promise<Error | null> {
    return new Promise(resolve => {
      const stop = new AbortController();
      const callOff = after(patience.pulseMs, () => {
        resolve(new EngineSilent());
        stop.abort();
      });
      send({ path: '/_ping', method: 'GET', statusCodes: ANY_STATUS, abortSignal: stop.signal }, error => {
        callOff();
        resolve(error);
      });
    });
  }

  function failAll(error: Error): void {
    for (const call of calls) call.fail(error);
  }

  modem.dial = dial as Dial;
  return {
    isSilent: () => silent,
    close() {
      isClosed = true;
      callOffPulse?.();
      failAll(new EngineSilent());
    },
  };
}
