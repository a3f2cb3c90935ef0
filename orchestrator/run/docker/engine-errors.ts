import { userInfo } from 'node:os';
import { codeOf, type ErrorKind, messageOf, OrchestratorError, statusOf } from '../../errors.ts';

const SILENT = 'ETIMEDOUT';
const ADVICE: Record<string, string> = {
  ENOENT: 'start Docker, or set DOCKER_HOST',
  ECONNREFUSED: 'start Docker, or set DOCKER_HOST',
  [SILENT]: 'it hangs, or its machine does; see whether "docker ps" answers, else restart Docker',
};
/** Both refuse a socket to whom its rights do. */
const REFUSED = ['EACCES', 'EPERM'];

/** The engine gave no answer in time. */
export class EngineSilent extends Error {
  readonly code = SILENT;

  constructor() {
    super('the engine gave no answer in time');
    this.name = 'EngineSilent';
  }
}

/** Whether it says that there is no such container or image. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Whether it says that the container is gone, or about to be. */
export function isGone(error: unknown): boolean {
  return isMissing(error) || (statusOf(error) === 409 && /dead or marked for removal/.test(messageOf(error)));
}

/** What the engine said, without the client's wrapping; or that it doesn't answer, and what to do. */
export function engineSentence(error: unknown, host: string): string {
  if (statusOf(error) !== undefined) {
    const said = (error as { json?: { message?: unknown } | null }).json?.message;
    return typeof said === 'string' ? said : messageOf(error);
  }
  const code = codeOf(error) ?? (isTimeout(error) ? SILENT : messageOf(error));
  if (REFUSED.includes(code)) return refusedText(host, code);
  return `Docker Engine doesn't answer at ${host} (${code}); ${ADVICE[code] ?? 'see whether it is running'}`;
}

/** Docker runs, most likely: it lets in root and the group of its socket alone. */
function refusedText(host: string, code: string): string {
  const name = ownName();
  const user = name ?? `with uid ${process.getuid?.()}`;
  const how = name === undefined ? '' : ` (sudo usermod -aG docker ${name})`;
  return `Docker Engine at ${host} can't be asked by the user ${user} (${code}): add the user to the group docker${how}, then log in again, or restart the service`;
}

/** In a container a user may have no name. */
function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/**
 * Anything the engine's client throws, as one of ours: no answer is `wait`, for it recovers by itself; a refusal of
 * what was asked (400) is `never`; what it hasn't got (404) is `wait`; else `retry`. Anything else is a `bug`: it would
 * come again however long was waited. `what` says what failed, on what.
 */
export function engineError(error: unknown, host: string, what: string): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  if (!isEngines(error)) return new OrchestratorError('bug', `${what}: ${messageOf(error)}`, { cause: error });
  return new OrchestratorError(kindFor(statusOf(error)), `${what}: ${engineSentence(error, host)}`, { cause: error });
}

/** An answer, or that there was none: of the system, of HTTP or TLS, cut off, or not in time. */
function isEngines(error: unknown): boolean {
  if (statusOf(error) !== undefined) return true;
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return false;
  return codeOf(error) !== undefined || ['AbortError', 'TimeoutError'].includes(error.name);
}

function kindFor(status: number | undefined): ErrorKind {
  if (status === undefined || status === 404 || status === 503) return 'wait';
  return status === 400 ? 'never' : 'retry';
}
