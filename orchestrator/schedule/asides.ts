import type { DecidedMessage, Message, ProgressMessage } from '../../default-etl/contract.ts';
import type { JobFile } from '../run/job.ts';
import type { ScheduleContext } from './context.ts';

const PROGRESS_INTERVAL_MS = 500;

/** What an attempt says of itself while it runs. Only to be looked at: that it can't be written harms nothing. */
export class Asides {
  readonly #context: ScheduleContext;
  /** Those of the attempt that are not concluded. */
  readonly #files: () => readonly JobFile[];
  /** What it said, as far as it is not written yet. */
  #noted: Promise<void> = Promise.resolve();
  #progressAt = 0;

  constructor(context: ScheduleContext, files: () => readonly JobFile[]) {
    this.#context = context;
    this.#files = files;
  }

  hear(message: Message): void {
    if (message.type === 'progress') this.#hearProgress(message);
    if (message.type === 'decided') this.#hearDecided(message);
  }

  /** Resolves once all that was heard is written. */
  written(): Promise<void> {
    return this.#noted;
  }

  #hearProgress(message: ProgressMessage): void {
    const { journal, clock } = this.#context;
    const [first] = this.#files();
    if (!first || clock.now() - this.#progressAt < PROGRESS_INTERVAL_MS) return;
    this.#progressAt = clock.now();
    const progress = { rows: message.rows, bytes: message.bytes ?? null, totalBytes: message.total_bytes ?? null };
    this.#note(() => journal.progress(first.run.id, first.run.attempt, progress));
  }

  #hearDecided({ decisions, file }: DecidedMessage): void {
    const { journal } = this.#context;
    const about = this.#files().find(({ run }) => file === undefined || run.file === file);
    if (about) this.#note(() => journal.decided(about.run.id, about.run.attempt, decisions));
  }

  #note(write: () => Promise<void>): void {
    this.#noted = Promise.all([this.#noted, write().catch(() => undefined)]).then(() => undefined);
  }
}
