import type { Readable } from 'node:stream';
import type { Container } from 'dockerode';

const STATUS_CODES = { 200: true, 404: 'no such container', 500: 'server error' };

/**
 * Resolves when the container doesn't run any more. Throws where the engine goes away meanwhile. Asked for as a stream, because the engine sends
 * the head of its answer at once, and the client's own wait() never settles when the connection breaks after that (dockerode 5.0.1).
 */
export async function waitForEnd(container: Container, signal: AbortSignal): Promise<void> {
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
  for await (const _ of answer);
}
