import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The cookie that a session is kept in. */
export interface SessionCookie {
  /** Where the page was opened by http. */
  name: string;
  /** Its values in a request, at most one a name. */
  read(headers: IncomingHttpHeaders): string[];
  /** As `Set-Cookie` has it; an empty value takes it away. `isSecure`: the page was opened by https. */
  write(value: string, isSecure: boolean, lifetimeMs: number): string;
}

const MS_PER_SECOND = 1000;
/** Browsers take it only with Secure, from https, and from no other name of the same domain. */
const HOST_PREFIX = '__Host-';

/**
 * Browsers send a cookie to every port of a name: so that two orchestrators on one machine don't sign each other out,
 * its name is made of the token.
 */
export function sessionCookie(token: string): SessionCookie {
  const plain = `orchestrator-${createHash('sha256').update(`cookie ${token}`).digest('hex').slice(0, 8)}`;
  const secure = HOST_PREFIX + plain;
  return {
    name: plain,
    read: ({ cookie = '' }) =>
      [secure, plain].flatMap(name => {
        const pair = cookie.split(';').find(part => part.trim().startsWith(`${name}=`));
        return pair === undefined ? [] : [pair.trim().slice(name.length + 1)];
      }),
    write(value, isSecure, lifetimeMs) {
      const name = isSecure ? secure : plain;
      const age = Math.floor(lifetimeMs / MS_PER_SECOND);
      return `${name}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
    },
  };
}

/** A header that claims https without reason only makes the cookie stricter for whoever sent it. */
export function isHttps(headers: IncomingHttpHeaders): boolean {
  const proto = headers['x-forwarded-proto'];
  const first = (Array.isArray(proto) ? proto[0] : proto)?.split(',')[0]?.trim().toLowerCase();
  return first === 'https' || (headers.origin?.startsWith('https://') ?? false);
}
