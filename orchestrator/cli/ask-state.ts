import type { ServiceState } from './deps.ts';
import { askService, type ServiceAddress } from './service-address.ts';

/** What is read of GET /api/health. */
interface Health {
  parts: Record<string, Part | WatcherPart[]>;
  configErrors?: Mistake[];
  configWarnings?: Mistake[];
}
interface Part {
  status: string;
  message: string | null;
}
interface WatcherPart extends Part {
  dataset: string;
}
interface Mistake {
  file: string;
  line: number;
  column: number;
  message: string;
}
interface DatasetAnswer {
  name: string;
  watchDir: string | null;
}

/** Told by the journal and the configuration themselves. */
const TOLD_ELSEWHERE = ['config', 'disposal'];

/** Asks the running orchestrator what it works with, and what is the matter with it. null where nobody answers, or not to us. */
export async function askState(service: ServiceAddress): Promise<ServiceState | null> {
  try {
    const [health, datasets] = await Promise.all(['/api/health', '/api/datasets'].map(path => askJson(service, path)));
    const { parts, configErrors = [], configWarnings = [] } = health as Partial<Health>;
    if (parts === undefined) return null;
    return {
      ...troublesOf(parts),
      datasets: ((datasets as { items?: DatasetAnswer[] }).items ?? []).filter(isConfigured),
      errors: configErrors.map(mistakeText),
      warnings: configWarnings.map(mistakeText),
    };
  } catch {
    return null;
  }
}

async function askJson(service: ServiceAddress, path: string): Promise<unknown> {
  return (await askService(service, path)).json();
}

function troublesOf(parts: Health['parts']): Pick<ServiceState, 'troubles' | 'notices'> {
  const told = Object.entries(parts)
    .filter(([name]) => !TOLD_ELSEWHERE.includes(name))
    .flatMap(([name, part]) =>
      Array.isArray(part) ? part.map(each => ({ ...each, of: each.dataset })) : [{ ...part, of: name }],
    );
  const lines = (wanted: typeof told) => wanted.map(({ of, message }) => `${of}: ${message}`);
  return {
    troubles: lines(told.filter(isTrouble)),
    // A folder that is well may have files in it that are never taken.
    notices: lines(told.filter(part => 'dataset' in part && !isTrouble(part) && part.message !== null)),
  };
}

function isTrouble({ status }: Part): boolean {
  return status === 'degraded' || status === 'failing';
}

function isConfigured(dataset: DatasetAnswer): dataset is DatasetAnswer & { watchDir: string } {
  return dataset.watchDir !== null;
}

function mistakeText({ file, line, column, message }: Mistake): string {
  return `${file}:${line}:${column}: ${message}`;
}
