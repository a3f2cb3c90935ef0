import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { codeOf, messageOf, OrchestratorError } from '../../errors.ts';

/** What an answer of Kibana's may cost. */
export interface AnswerBounds {
  /** From the first byte sent to the last one received, in milliseconds. */
  allMs: number;
  /** Longer answers are not read, in bytes. */
  bytes: number;
}

export const USUAL_BOUNDS: AnswerBounds = { allMs: 60_000, bytes: 64 << 20 };

export interface Question {
  method: 'GET' | 'POST' | 'DELETE';
  /** Behind KIBANA_URL, with its names encoded. */
  path: string;
  contentType?: string;
  body?: string;
}

export interface Answer {
  status: number;
  text: string;
  /** The server's clock, in milliseconds since 1970-01-01 UTC; null where it does not tell. */
  servedAt: number | null;
}

/**
 * Asks Kibana once. Redirects are answers as any other: nothing is asked of whom they name, so that no password goes
 * there. Throws an OrchestratorError: `wait` where no whole answer came, `never` where its certificate or KIBANA_CA is
 * wrong, or the answer too long.
 */
export async function ask(
  settings: KibanaSettings,
  question: Question,
  { signal, bounds = USUAL_BOUNDS }: { signal?: AbortSignal; bounds?: AnswerBounds } = {},
): Promise<Answer> {
  const limit = AbortSignal.timeout(bounds.allMs);
  const until = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  try {
    const response = await send(settings, question, until);
    return await read(response, settings, bounds);
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
    throw failureOf(error, settings, { isLate: limit.aborted, bounds });
  }
}

async function send(settings: KibanaSettings, question: Question, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, path, contentType, body } = question;
  const url = new URL(settings.url + path);
  const headers = {
    'kbn-xsrf': 'orchestrator-etl',
    'user-agent': 'orchestrator-etl',
    accept: 'application/json, application/ndjson',
    ...authorization(settings),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
  };
  // No connection is kept: pushes are rare, and one that was kept may have been closed meanwhile.
  const options = { method, headers, signal, agent: false as const };
  const request: ClientRequest =
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, ...(settings.ca === null ? {} : { ca: certificate(settings.ca) }) })
      : requestHttp(url, options);
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // It may fail again once the answer is there, whose own error is heard.
    request.on('error', reject);
    request.end(body);
  });
}

function authorization({ apiKey, username, password }: KibanaSettings): { authorization?: string } {
  if (apiKey !== null) return { authorization: `ApiKey ${apiKey}` };
  if (username === null) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

function certificate(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = codeOf(error) ?? messageOf(error);
    throw new OrchestratorError('never', `KIBANA_CA ${path} can't be read (${why})`, { cause: error });
  }
}

async function read(response: IncomingMessage, settings: KibanaSettings, { bytes }: AnswerBounds): Promise<Answer> {
  const parts: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the connection.
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > bytes) {
      const limit = bytes < 1 << 20 ? `${bytes} bytes` : `${bytes >> 20} MB`;
      throw new OrchestratorError('never', `Kibana at ${settings.url} answers more than ${limit}; is it a Kibana?`);
    }
    parts.push(part);
  }
  const servedAt = Date.parse(response.headers.date ?? '');
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(parts).toString(),
    servedAt: Number.isNaN(servedAt) ? null : servedAt,
  };
}

function certificateAdvice(code: string, ca: string | null): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'it is for other names; set KIBANA_URL to one of them';
  if (code === 'CERT_HAS_EXPIRED') return 'it has expired; renew it, or set this machine’s clock right';
  if (code === 'CERT_NOT_YET_VALID') return 'it is not valid yet; set this machine’s clock right';
  return ca === null ? 'name who signed it by KIBANA_CA' : 'KIBANA_CA is not who signed it';
}

const CERTIFICATE_CODES = /^(ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)/;

function failureOf(
  error: unknown,
  { url, ca }: KibanaSettings,
  { isLate, bounds }: { isLate: boolean; bounds: AnswerBounds },
): OrchestratorError {
  const code = codeOf(error) ?? '';
  if (CERTIFICATE_CODES.test(code)) {
    const message = `the certificate of Kibana at ${url} is not trusted (${code}); ${certificateAdvice(code, ca)}`;
    return new OrchestratorError('never', message, { cause: error });
  }
  const why = isLate ? `no answer within ${bounds.allMs / 1000} s` : messageOf(error) || code;
  return new OrchestratorError('wait', `Kibana at ${url} does not answer: ${why}`, { cause: error });
}
