import type { View } from './view.ts';

/** What is asked of the thread that starts programs. */
export interface LaunchRequest {
  /** Absolute path of the program, and its arguments. */
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Absolute. */
  cwd: string;
  umask: number;
  /** Descriptors of ours for its standard output and error; they may be closed once it is launched. */
  output: { stdout: number; stderr: number };
  /** A descriptor for its standard input; none is an empty one. */
  input?: number;
  /** Who it is, where that is not us. */
  user?: { uid: number; gid: number };
  /** What it sees, where that is not all that we see. */
  view?: View;
  /** Whether it has none but itself to talk to. */
  isOffline?: boolean;
  /** Whether no process but its own is there for it; they end with it. */
  isAlone?: boolean;
  limits: {
    /** Size of the largest file that it can write. */
    fileBytes?: number;
    /** Of its user, so only for one of its own. */
    processes?: number;
  };
}

/** To the thread. */
export type Order =
  | { kind: 'launch'; id: number; request: LaunchRequest }
  /** It may run · it must not: neither it nor anything else ever does. */
  | { kind: 'go' | 'give-up' | 'unref'; id: number };

/** From the thread, each with the launch that it is about. */
export type Report =
  | { kind: 'launched'; id: number; pid: number }
  /** `code`: EPERM and its like, where the system refused something. */
  | { kind: 'failed'; id: number; message: string; code: string | undefined }
  | { kind: 'ended'; id: number; exitCode: number | null; signal: string | null };
