import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { RUNNER_PARTS, type RunnerPart } from '../config/runners.ts';
import { messageOf } from '../errors.ts';
import { lowDiskText } from '../text/low-disk-text.ts';
import { shared } from './gate.ts';
import type { ApiOptions, ConfigError, DatasetStatus, PartStatus, ServiceStatus } from './options.ts';
import { healthSchema, upSchema } from './schemas.ts';

export type Health = Static<typeof healthSchema>;
type Part = Health['parts']['journal'];

const JOURNAL_WITHIN_MS = 5_000;

/**
 * GET /api/health: 503 when nothing can be taken any more (the journal or the disk), for a supervisor to act on; 200
 * and `degraded` when a part is away and work waits for it, which no restart would mend.
 */
export function addHealthRoute(app: FastifyInstance, options: ApiOptions): void {
  const schema = {
    tags: ['service'],
    summary: 'Whether it works, part by part',
    description: 'Who has neither token nor session is told the status alone, `ok` or `failing`.',
  };
  const answer = Type.Union([healthSchema, upSchema]);
  const response = { 200: answer, 503: answer };
  const check = shared(() => checkHealth(options));
  app.get(
    '/api/health',
    { schema: { ...schema, response }, config: { role: 'none', isUncounted: true } },
    async ({ actor }, reply) => {
      const health = await check();
      const isUp = health.status !== 'failing';
      const told = actor.role === 'none' ? { status: isUp ? 'ok' : 'failing' } : health;
      return reply.code(isUp ? 200 : 503).send(told);
    },
  );
}

async function checkHealth({ journal, status, mask }: ApiOptions): Promise<Health> {
  const [journalPart, service] = await Promise.all([checkJournal(() => journal.summaries()), status()]);
  const parts = {
    journal: journalPart,
    ...runnerParts(service),
    elasticsearch: partOf(service.elasticsearch),
    kibana: maskedPart(partOf(service.kibana), mask),
    config: configPart(service),
    schedule: schedulePart(service),
    disposal: disposalPart(service, mask),
    disk: diskPart(service),
    watchers: service.datasets.map(watcherPart),
  };
  const { watchers, ...single } = parts;
  const all = [...Object.values(single), ...watchers].map(part => part.status);
  const worst = all.includes('failing') ? 'failing' : all.includes('degraded') ? 'degraded' : 'ok';
  const masked = (mistakes: readonly ConfigError[]) =>
    mistakes.map(({ dataset, file, line, column, message }) => ({
      dataset,
      file,
      line,
      column,
      message: mask(message),
    }));
  return {
    status: worst,
    parts,
    configErrors: masked(service.config.errors),
    configWarnings: masked(service.config.warnings),
    disposals: failedDisposals(service).map(disposal => ({ ...disposal, error: mask(disposal.error) })),
  };
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

/** One that nothing is known of is not used. */
function runnerParts(service: ServiceStatus): Record<RunnerPart, Part> {
  const parts = RUNNER_PARTS.map(part => [
    part,
    partOf(service.runnerParts.find(known => known.part === part) ?? null),
  ]);
  return Object.fromEntries(parts);
}

function partOf(part: PartStatus | null): Part {
  if (part === null) return { status: 'unused', message: null };
  if (part.isUp) return { status: 'ok', message: part.message };
  return { status: part.isNeeded ? 'degraded' : 'unused', message: part.message };
}

/** What Kibana, or a proxy before it, says is in the message. */
function maskedPart({ status, message }: Part, mask: (text: string) => string): Part {
  return { status, message: message === null ? null : mask(message) };
}

function configPart({ config }: ServiceStatus): Part {
  const count = config.errors.length;
  return count === 0 ? { status: 'ok', message: null } : { status: 'degraded', message: `${count} to mend` };
}

/** A disk that is too full has its own part. */
function schedulePart({ schedule, disk }: ServiceStatus): Health['parts']['schedule'] {
  const { waiting, ...counts } = schedule;
  return { status: waiting === null || disk.isLow ? 'ok' : 'degraded', message: waiting, ...counts };
}

function disposalPart(service: ServiceStatus, mask: (text: string) => string): Part {
  const failed = failedDisposals(service);
  const [first] = failed;
  if (first === undefined) return { status: 'ok', message: null };
  const files = failed.length === 1 ? '1 file' : `${failed.length} files`;
  return { status: 'degraded', message: `${files} can't be moved or removed yet; ${first.file}: ${mask(first.error)}` };
}

/** Those that were tried in vain, as opposed to those whose turn comes. */
function failedDisposals({ disposals }: ServiceStatus): Health['disposals'] {
  return disposals.flatMap(({ error, ...disposal }) => (error === null ? [] : [{ ...disposal, error }]));
}

function diskPart({ disk }: ServiceStatus): Health['parts']['disk'] {
  const { isLow, ...bytes } = disk;
  if (!isLow) return { status: 'ok', message: null, ...bytes };
  const message = `${lowDiskText('DATA_DIR', bytes.freeBytes ?? 0, bytes.floorBytes)}; nothing new is taken`;
  return { status: 'failing', message, ...bytes };
}

function watcherPart({ name, watcher, problem }: DatasetStatus): Health['parts']['watchers'][number] {
  const trouble = watcher === null ? 'not watched yet' : (watcher.error ?? problem);
  const mode = watcher?.mode ?? null;
  const message = trouble ?? watcher?.notice ?? null;
  return { dataset: name, mode, message, status: trouble === null ? 'ok' : 'degraded' };
}
