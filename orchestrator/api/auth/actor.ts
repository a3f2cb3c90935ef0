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
  /** Whether it ended or was signed out since: for what goes on after the answer has begun. */
  isOver(): boolean;
}

const never = (): boolean => false;

export const NOBODY: Actor = { kind: 'anonymous', name: 'nobody', role: 'none', until: null, isOver: never };
export const BY_TOKEN: Actor = { kind: 'token', name: 'the token', role: 'administrator', until: null, isOver: never };
/** With AUTH=off. */
export const ANYBODY: Actor = {
  kind: 'anonymous',
  name: 'anybody on this machine',
  role: 'administrator',
  until: null,
  isOver: never,
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hook of authenticate.ts, before anything else looks at the request. */
    actor: Actor;
  }
  interface FastifyContextConfig {
    /** The least role that is wanted; `administrator` unless a route says so. */
    role?: Role;
    /** How long its body may take; as limits.ts says unless told. */
    bodyMs?: number;
    /** It has a crowd of its own, or must always be answered. */
    isUncounted?: boolean;
    /** What the OpenAPI document says in the place of what is checked here: what handlers check themselves. */
    documented?: { body?: object; querystring?: object };
  }
}
