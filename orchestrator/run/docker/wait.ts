import type { Readable } from 'node:stream';
import type { Container } from 'dockerode';

const STATUS_CODES = { 200: true, 404: 'no such container', 500: 'server error' };
/** The engine's answer is a line. */
const MOST_BYTES = 4096;

/** As awaitEnd(), once the engine waits. */
export async function waitForEnd(container: Container, signal: AbortSignal): Promise<number | undefined> {
  const { ended } = await awaitEnd(container, signal);
  return ended;
}

/**
 * Resolves once the engine waits for the container's end; `ended` when it doesn't run any more, with the exit code of
 * just this end, undefined where the engine doesn't tell it. Both throw where the engine goes away meanwhile. Asked for
 * as a stream, because the engine sends the head of its answer at once, and the client's own wait() never settles when
 * the connection breaks after that (dockerode 5.0.1).
 */
export async function awaitEnd(
  container: Container,
  signal: AbortSignal,
): Promise<{ ended: Promise<number | undefined> }> {
  const answer = await new Promise<Readable>((resolve, reject) => {
    const request = {
      path: `/containers/${container.id}/wait?condition=not-running`,
      method: 'POST',
      isStream: true,
      abortSignal: signal,
      statusCodes: STATUS_CODES,
    };
    container.modem.dial(request, (error: unknown, stream: Readable) => (error ? reject(error) : resolve(stream)));
  });
  const ended = codeIn(answer);
  ended.catch(() => undefined);
  return { ended };
}

async function codeIn(answer: Readable): Promise<number | undefined> {
  let said = '';
  for await (const chunk of answer) if (said.length < MOST_BYTES) said += String(chunk);
  return exitCodeIn(said);
}

function exitCodeIn(answer: string): number | undefined {
  try {
    const { StatusCode } = JSON.parse(answer) as { StatusCode?: unknown };
    return Number.isInteger(StatusCode) ? (StatusCode as number) : undefined;
  } catch {
    return undefined;
  }
}
