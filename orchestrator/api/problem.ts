import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** An answer that isn't what was asked for; the message is for whoever asked. */
export class Problem extends Error {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

const WRONG = 400;
const ABSENT = 404;
const REFUSED = 409;
const AWAY = 503;
const OURS = 500;

/** Turns anything thrown into `{error}`. Only what was meant for people is told them; the rest is logged. */
export function answerErrors(logger: Logger, mask: (text: string) => string) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const unknown = unknownParameter(error, request);
    if (unknown !== undefined) return void reply.code(WRONG).send({ error: unknown });
    const statusCode = statusOf(error);
    // Who has gone is told nothing, and that is no fault.
    if (statusCode === OURS && !reply.raw.destroyed) logger.error(`${request.method} ${request.url} failed`, { error });
    const message = statusCode === OURS ? 'something went wrong here; the log says what' : mask(error.message);
    if (error instanceof Problem) void reply.headers(error.headers);
    void reply.code(statusCode).send({ error: message });
  };
}

/** What the router can't make out: a URL that can't be decoded, a name that is too long to be any. */
export function answerUnroutable(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const isTooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const text = isTooLong ? 'there is nothing of so long a name' : 'the URL is not readable';
  void reply.code(isTooLong ? ABSENT : WRONG).send({ error: text });
}

function statusOf(error: FastifyError | Error): number {
  if (error instanceof OrchestratorError) return error.kind === 'never' ? REFUSED : error.kind === 'wait' ? AWAY : OURS;
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : OURS;
}

/** A misspelled filter that went unnoticed would answer another question: what there is instead is told. */
function unknownParameter(error: FastifyError | Error, request: FastifyRequest): string | undefined {
  const found =
    'validation' in error ? error.validation?.find(({ keyword }) => keyword === 'additionalProperties') : undefined;
  if (found === undefined) return undefined;
  const { querystring } = (request.routeOptions.schema ?? {}) as { querystring?: { properties?: object } };
  const known = Object.keys(querystring?.properties ?? {}).join(', ');
  return `${String(found.params['additionalProperty']).slice(0, 100)} is not a parameter of ${request.routeOptions.url}; it takes ${known}`;
}
