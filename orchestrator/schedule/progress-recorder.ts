import type {
  DecidedMessage,
  Decision,
  Message,
  ProgressMessage,
  SketchMessage,
  ToCheckMessage,
} from '../../default-etl/contract/contract.ts';
import type { JobFile } from '../run/job.ts';
import { doubtTexts } from '../text/decisions-text.ts';
import type { ScheduleContext } from './context.ts';

/**
 * What an attempt says within this time of its start, or of what it said last, is written with its end, if that comes
 * first: of a small file nothing is written twice.
 */
const INTERVAL_MS = 500;

/** What an attempt said of one file. */
export interface Said {
  /** How the file was read, where the journal does not know it yet. */
  decisions: readonly Decision[] | undefined;
  /** What people should look at, should all rows of the run be accounted for. */
  toCheck: readonly string[];
  /** Which rows its file has, where that was said. */
  sketch: Uint8Array | undefined;
}

/** What an attempt says of itself while it runs. Only to be looked at: that it can't be written harms nothing. */
export class ProgressRecorder {
  readonly #context: ScheduleContext;
  /** Those of the attempt that are not concluded. */
  readonly #files: () => readonly JobFile[];
  /** What is on its way to the journal. */
  #noted: Promise<void> = Promise.resolve();
  #progressAt: number;
  /** By run: how its file is read, where that is not written yet. */
  readonly #decided = new Map<string, { file: JobFile; decisions: readonly Decision[] }>();
  /** By run: what is doubtful in how its file is read, and what else the attempt said is to be checked. */
  readonly #toCheck = new Map<string, { read: readonly string[]; said: readonly string[] }>();
  /** By run: which rows its file has. */
  readonly #sketches = new Map<string, Uint8Array>();
  #callOff: (() => void) | undefined;

  constructor(context: ScheduleContext, files: () => readonly JobFile[]) {
    this.#context = context;
    this.#files = files;
    this.#progressAt = context.clock.elapsed();
  }

  hear(message: Message): void {
    if (message.type === 'progress') this.#hearProgress(message);
    if (message.type === 'decided') this.#hearDecided(message);
    if (message.type === 'to_check') this.#hearToCheck(message);
    if (message.type === 'sketch') this.#hearSketch(message);
  }

  /** Nothing is written any more but by whoever asks for `saidOf`. Resolves once what was on its way is. */
  end(): Promise<void> {
    this.#callOff?.();
    return this.#noted;
  }

  /** What was said of the file of a run, for whoever records its end. */
  saidOf(runId: string): Said {
    const { read, said } = this.#doubtsOf(runId);
    return {
      decisions: this.#decided.get(runId)?.decisions,
      toCheck: [...read, ...said],
      sketch: this.#sketches.get(runId),
    };
  }

  #hearProgress(message: ProgressMessage): void {
    const { journal, clock } = this.#context;
    const [first] = this.#files();
    if (!first || clock.elapsed() - this.#progressAt < INTERVAL_MS) return;
    this.#progressAt = clock.elapsed();
    const progress = { rows: message.rows, bytes: message.bytes ?? null, totalBytes: message.total_bytes ?? null };
    this.#note(() => journal.progress(first.run, progress));
  }

  #hearDecided({ decisions, file }: DecidedMessage): void {
    const about = this.#fileOf(file);
    if (!about) return;
    this.#decided.set(about.run.id, { file: about, decisions });
    // How a table of mended rows is read says nothing of the file.
    const read = about.run.action === 'mend' ? [] : doubtTexts(decisions);
    this.#toCheck.set(about.run.id, { ...this.#doubtsOf(about.run.id), read });
    this.#callOff ??= this.#context.clock.after(INTERVAL_MS, () => this.#writeDecided());
  }

  #hearToCheck({ sentences, file }: ToCheckMessage): void {
    const about = this.#fileOf(file);
    if (about) this.#toCheck.set(about.run.id, { ...this.#doubtsOf(about.run.id), said: sentences });
  }

  #hearSketch({ hashes, file }: SketchMessage): void {
    const about = this.#fileOf(file);
    if (about) this.#sketches.set(about.run.id, Buffer.from(hashes, 'base64'));
  }

  #doubtsOf(runId: string): { read: readonly string[]; said: readonly string[] } {
    return this.#toCheck.get(runId) ?? { read: [], said: [] };
  }

  #fileOf(name: string | undefined): JobFile | undefined {
    return this.#files().find(({ run }) => name === undefined || run.file === name);
  }

  #writeDecided(): void {
    const { journal } = this.#context;
    this.#callOff = undefined;
    for (const { file, decisions } of this.#decided.values()) {
      this.#note(() => journal.decided(file.run, decisions));
    }
    this.#decided.clear();
  }

  #note(write: () => Promise<void>): void {
    this.#noted = Promise.all([this.#noted, write().catch(() => undefined)]).then(() => undefined);
  }
}
