import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { messageOf } from '../errors.ts';
import type { ApiOptions, DatasetStatus, PartStatus, ServiceStatus } from './options.ts';
import { healthSchema } from './schemas.ts';

export type Health = Static<typeof healthSchema>;
type Part = Health['parts']['journal'];

const JOURNAL_WITHIN_MS = 5_000;

/**
 * GET /api/health: 503 when nothing can be taken any more (the journal or the disk), for a supervisor to act on; 200 and `degraded` when
 * a part is away and work waits for it, which no restart would mend.
 */
export function addHealthRoute(app: FastifyInstance, options: ApiOptions): void {
  const schema = { tags: ['service'], summary: 'Whether it works, part by part' };
  const response = { 200: healthSchema, 503: healthSchema };
  app.get('/api/health', { schema: { ...schema, response } }, async (_request, reply) => {
    const health = await checkHealth(options);
    return reply.code(health.status === 'failing' ? 503 : 200).send(health);
  });
}

async function checkHealth({ journal, status, datasets, mask }: ApiOptions): Promise<Health> {
  const [journalPart, service] = await Promise.all([checkJournal(() => journal.summaries()), status()]);
  const parts = {
    journal: journalPart,
    engine: partOf(service.engine),
    elasticsearch: partOf(service.elasticsearch),
    config: configPart(service),
    disk: diskPart(service),
    watchers: datasets().map(watcherPart),
  };
  const { watchers, ...single } = parts;
  const all = [...Object.values(single), ...watchers].map(part => part.status);
  const worst = all.includes('failing') ? 'failing' : all.includes('degraded') ? 'degraded' : 'ok';
  const configErrors = service.config.errors.map(error => ({ ...error, message: mask(error.message) }));
  return { status: worst, parts, configErrors };
}

async function checkJournal(read: () => Promise<unknown>): Promise<Part> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${JOURNAL_WITHIN_MS / 1000} s`)), JOURNAL_WITHIN_MS);
  });
  try {
    await Promise.race([read(), tooLate]);
    return { status: 'ok', message: null };
  } catch (error) {
    return { status: 'failing', message: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

function partOf(part: PartStatus | null): Part {
  if (part === null) return { status: 'unused', message: null };
  if (part.isUp) return { status: 'ok', message: part.message };
  return { status: part.isNeeded ? 'degraded' : 'unused', message: part.message };
}

function configPart({ config }: ServiceStatus): Part {
  const count = config.errors.length;
  return count === 0 ? { status: 'ok', message: null } : { status: 'degraded', message: `${count} to mend` };
}

function diskPart({ disk }: ServiceStatus): Health['parts']['disk'] {
  const { isLow, ...bytes } = disk;
  const message = isLow ? 'less free space than MIN_FREE: nothing new is taken' : null;
  return { status: isLow ? 'failing' : 'ok', message, ...bytes };
}

function watcherPart({ name, watcher }: DatasetStatus): Health['parts']['watchers'][number] {
  const message = watcher === null ? 'not watched yet' : watcher.error;
  const mode = watcher?.mode ?? null;
  return { dataset: name, mode, message, status: message === null ? 'ok' : 'degraded' };
}
