import { Worker } from 'node:worker_threads';

/** What is to be forwarded, from where to where. */
export interface ForwardOrder {
  id: number;
  /** Address to listen on. */
  host: string;
  /** The first of these that is free is taken; 0: any. */
  ports: readonly number[];
  /** Who may connect, in CIDR notation; `host` itself may not. */
  subnets: readonly string[];
  /** `tls`: plain requests go on encrypted, the certificate being checked for `host`. `ca` in PEM; null: the system's. */
  target: { host: string; port: number; tls: { ca: string | null } | null };
}

/** What its thread says: an order's port, or why there is none; or what goes wrong with a target. */
export type ForwarderNews =
  | { id: number; port: number }
  | { id: number; error: string; code: string }
  | { trouble: string };

/** Connections to one address, passed on to another by a thread of their own. */
export interface Forwarder {
  /** The port that is listened on from now on. Throws, with the system's `code`, where none can be had. */
  forward(order: Omit<ForwardOrder, 'id'>): Promise<number>;
  /** Breaks all connections. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(port: number): void;
  reject(error: Error): void;
}

export interface ForwarderOptions {
  /** What goes wrong with a target, once each. */
  onTrouble(text: string): void;
  /** Its thread has ended by itself, which is a bug: another forwarder is needed. */
  onEnd(error: Error): void;
}

/**
 * Node's pipes in a thread: 0.13 to 0.16 s of CPU for the 336,776 rows of flights.csv, which take the ETL and
 * Elasticsearch some 16 s of it (30 November 2026).
 */
export function openForwarder({ onTrouble, onEnd }: ForwarderOptions): Forwarder {
  const worker = new Worker(new URL('./forwarder-thread.ts', import.meta.url));
  worker.unref();
  const waiting = new Map<number, Waiting>();
  const told = new Set<string>();
  let orders = 0;

  worker.on('message', (news: ForwarderNews) => {
    if ('trouble' in news) {
      if (!told.has(news.trouble)) onTrouble(news.trouble);
      told.add(news.trouble);
      return;
    }
    if ('port' in news) take(news.id)?.resolve(news.port);
    else take(news.id)?.reject(Object.assign(new Error(news.error), { code: news.code }));
  });
  worker.on('error', (error: Error) => {
    rejectAll(error);
    onEnd(error);
  });

  function take(id: number): Waiting | undefined {
    const found = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    return found;
  }

  function rejectAll(error: Error): void {
    for (const id of waiting.keys()) take(id)?.reject(error);
  }

  return {
    forward(order) {
      const id = ++orders;
      worker.ref();
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ ...order, id } satisfies ForwardOrder);
      });
    },
    async close() {
      await worker.terminate();
      rejectAll(new Error('the forwarder was closed'));
    },
  };
}
