import { askService, type Service } from './service.ts';

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

/** Asks the running orchestrator what is the matter with it: a line for each part. null where nobody answers, or not to us. */
export async function askTroubles(service: Service): Promise<string[] | null> {
  try {
    const { parts } = (await (await askService(service, '/api/health')).json()) as Partial<Health>;
    return parts === undefined ? null : troublesOf({ parts });
  } catch {
    return null;
  }
}

function troublesOf({ parts }: Health): string[] {
  return Object.entries(parts).flatMap(([name, part]) => {
    if (TOLD_ELSEWHERE.includes(name)) return [];
    // A folder that is well may have files in it that are never taken.
    if (Array.isArray(part))
      return part.filter(({ message }) => message !== null).map(({ dataset, message }) => `${dataset}: ${message}`);
    return isTrouble(part) ? [`${name}: ${part.message}`] : [];
  });
}

function isTrouble({ status }: Part): boolean {
  return status === 'degraded' || status === 'failing';
}
