import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** stub-server.ts, in a process of its own. */
export interface Stub {
  node: string;
  /** When the first request came since this was last asked, in milliseconds since 1970. Throws where none came. */
  firstRequestAt(): Promise<number>;
  stop(): void;
}

export async function startStub(): Promise<Stub> {
  const server = fileURLToPath(new URL('stub-server.ts', import.meta.url));
  const child = spawn(process.execPath, [server], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const node = line.toString().trim();
  return {
    node,
    async firstRequestAt() {
      const { at } = (await (await fetch(new URL('/first-request', node))).json()) as { at: number | null };
      if (at === null) throw new Error('no request came');
      return at;
    },
    stop: () => child.stdin.end(),
  };
}
