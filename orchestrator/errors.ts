/**
 * What the scheduler does about an error; it never looks at the text.
 * `wait`: something outside is away (engine, image, target): again later, no retry used up ·
 * `retry`: again with backoff, counted · `never`: trying again can't help · `bug`: ours.
 */
export type ErrorKind = 'wait' | 'retry' | 'never' | 'bug';

/** An error whose message is for people: what failed, on what, why, what to do. */
export class OrchestratorError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'OrchestratorError';
    this.kind = kind;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's code (`ENOENT`, …) of anything thrown, if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Status of the HTTP answer that a client (dockerode, Elasticsearch's) threw, or undefined where there was none. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** The kind of anything thrown; what isn't ours is a bug. */
export function kindOf(error: unknown): ErrorKind {
  return error instanceof OrchestratorError ? error.kind : 'bug';
}
