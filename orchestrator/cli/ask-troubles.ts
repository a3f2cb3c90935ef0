import type { Environment } from '../config/environment.ts';

const WITHIN_MS = 2000;

/** What is read of GET /api/health. */
interface Health {
  parts: Record<string, Part | WatcherPart[]>;
}
interface Part {
  status: string;
  message: string | null;
}
interface WatcherPart extends Part {
  dataset: string;
}

/** Told by the journal and the configuration themselves. */
const TOLD_ELSEWHERE = ['config', 'disposal'];

/** Asks the orchestrator on HOST and PORT what is the matter with it: a line for each part. null where nobody answers. */
export async function askTroubles({ host, port }: Pick<Environment, 'host' | 'port'>): Promise<string[] | null> {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const name = everywhere[host] ?? (host.includes(':') ? `[${host}]` : host);
  try {
    const response = await fetch(`http://${name}:${port}/api/health`, { signal: AbortSignal.timeout(WITHIN_MS) });
    return troublesOf((await response.json()) as Health);
  } catch {
    return null;
  }
}

function troublesOf({ parts }: Health): string[] {
  return Object.entries(parts).flatMap(([name, part]) => {
    if (TOLD_ELSEWHERE.includes(name)) return [];
    if (Array.isArray(part)) return part.filter(isTrouble).map(({ dataset, message }) => `${dataset}: ${message}`);
    return isTrouble(part) ? [`${name}: ${part.message}`] : [];
  });
}

function isTrouble({ status }: Part): boolean {
  return status === 'degraded' || status === 'failing';
}
