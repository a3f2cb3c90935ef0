/** What somebody may do. Users and their roles will be added here. */
export type Role = 'administrator' | 'none';

/** Who asks. */
export interface Actor {
  /** `anonymous`: nothing was shown by which to know them. */
  kind: 'token' | 'session' | 'anonymous';
  /** For the log. */
  name: string;
  role: Role;
  /** Milliseconds since 1970-01-01 UTC; null where it does not end. */
  until: number | null;
}

export const NOBODY: Actor = { kind: 'anonymous', name: 'nobody', role: 'none', until: null };
export const BY_TOKEN: Actor = { kind: 'token', name: 'the token', role: 'administrator', until: null };
/** With AUTH=off. */
export const ANYBODY: Actor = {
  kind: 'anonymous',
  name: 'anybody on this machine',
  role: 'administrator',
  until: null,
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hook of authenticate.ts, before anything else looks at the request. */
    actor: Actor;
  }
  interface FastifyContextConfig {
    /** The least role that is wanted; `administrator` unless a route says so. */
    role?: Role;
  }
}
