import { EXIT, type ResultMessage } from './protocol.ts';
import { visible } from './visible.ts';

/** Why the run ends without success: a sentence for people and the exit code that tells the orchestrator what to do. */
export class EtlFailure extends Error {
  readonly exitCode: number;
  /** Whether the rows that were sent have to go again: they are not those of a version of the file that counts. */
  readonly takesBack: boolean;

  constructor(exitCode: number, message: string, options?: { cause?: unknown; takesBack?: boolean }) {
    super(visible(message), options);
    this.name = 'EtlFailure';
    this.exitCode = exitCode;
    this.takesBack = options?.takesBack ?? false;
  }
}

/** The index holds newer documents than VERSION. Exit code 75, after a `superseded` line. */
export class Superseded extends EtlFailure {
  readonly version: number;

  constructor(version: number, message: string) {
    super(EXIT.away, message);
    this.version = version;
  }
}

/**
 * Every row was rejected. Nothing was overwritten, so nothing is taken back; the rows can be mended, so how many there
 * are is said all the same.
 */
export class NothingLoaded extends EtlFailure {
  readonly result: Omit<ResultMessage, 'type'>;

  constructor(result: Omit<ResultMessage, 'type'>, message: string) {
    super(EXIT.never, message);
    this.result = result;
  }
}

/** This file can never succeed. */
export function neverFailure(message: string, cause?: unknown): EtlFailure {
  // rule 7: its ids are deleted
  return new EtlFailure(EXIT.never, message, { cause, takesBack: true });
}

/** What V8 and Node throw where something is larger than they can hold. */
const TOO_LARGE =
  /^(Invalid string length|Array buffer allocation failed|Invalid (typed )?array (buffer )?length|(Map|Set) maximum size exceeded|Maximum call stack size exceeded)/;
const TOO_LARGE_CODES = ['ERR_STRING_TOO_LONG', 'ERR_BUFFER_TOO_LARGE', 'ERR_OUT_OF_RANGE'];

/** The failure that this error is where a file asks for more than there can be: to read it once more would end the same. */
export function withinReach(path: string, error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!TOO_LARGE.test(error.message) && !TOO_LARGE_CODES.includes(code)) return error;
  return neverFailure(
    `${path} is damaged, or has something in it that is too large to be held (${error.message}); export it again, or in parts`,
    error,
  );
}

/** The target is away: again later. */
export function awayFailure(message: string, cause?: unknown): EtlFailure {
  return new EtlFailure(EXIT.away, message, { cause });
}

/** The file is not, or no longer, the version that was meant. */
export function changedFailure(message: string, cause?: unknown): EtlFailure {
  // rule 6: if it differs, the ids that were sent are deleted
  return new EtlFailure(EXIT.away, message, { cause, takesBack: true });
}

/** A setting is wrong. */
export function configFailure(message: string): EtlFailure {
  return new EtlFailure(EXIT.config, message);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
