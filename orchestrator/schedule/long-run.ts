import type { ProgressMessage } from '../../default-etl/contract/contract.ts';
import type { JobFile } from '../run/job.ts';
import type { ScheduleContext } from './context.ts';

/** A file of so many bytes is told when it begins: people wait for it. */
const LARGE_BYTES = 64 * 2 ** 20;
const MINUTE_MS = 60_000;

/** Says in the log that a long file begins, and every minute how far it is. */
export class LongRun {
  readonly #context: ScheduleContext;
  readonly #files: () => readonly JobFile[];
  #last: ProgressMessage | undefined;
  #minutes = 0;
  #callOff: () => void = () => undefined;

  constructor(context: ScheduleContext, files: () => readonly JobFile[]) {
    this.#context = context;
    this.#files = files;
  }

  begin(): void {
    const bytes = this.#files().reduce((sum, { run }) => sum + (run.fileVersion?.sizeBytes ?? 0), 0);
    if (bytes >= LARGE_BYTES) this.#tell(`begins, ${sizeText(bytes)}`);
    this.#wait();
  }

  hear(message: ProgressMessage): void {
    this.#last = message;
  }

  end(): void {
    this.#callOff();
  }

  #wait(): void {
    this.#callOff = this.#context.clock.after(MINUTE_MS, () => {
      this.#minutes += 1;
      this.#tell([`${this.#minutes} min so far`, ...progressTexts(this.#last)].join(', '));
      this.#wait();
    });
  }

  #tell(text: string): void {
    const files = this.#files();
    const first = files[0]?.run;
    if (first === undefined) return;
    const what = files.length === 1 ? first.file : `${first.file} and ${files.length - 1} more`;
    this.#context.logger.info(`${what}: ${text}`, { dataset: first.dataset, run: first.id });
  }
}

function progressTexts(message: ProgressMessage | undefined): string[] {
  if (message === undefined) return [];
  const { rows, bytes, total_bytes: total } = message;
  const share = bytes !== undefined && total ? [`${Math.min(100, Math.floor((100 * bytes) / total))} % read`] : [];
  return [`${rows.toLocaleString('en')} rows`, ...share];
}

function sizeText(bytes: number): string {
  const megabytes = bytes / 2 ** 20;
  return megabytes < 1024 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}
