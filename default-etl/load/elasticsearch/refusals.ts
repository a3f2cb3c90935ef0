import { configFailure, type EtlFailure } from '../../contract/failure.ts';

/** Why an index refused rows for good. */
export class Refusals {
  private ofValues = 0;
  private ofIndex: string | undefined;

  add(reason: string, isOfValue: boolean): void {
    if (isOfValue) this.ofValues++;
    else this.ofIndex ??= reason;
  }

  /** Where it has taken no row at all: undefined if it was for a value that one was refused. */
  fault(index: string): EtlFailure | undefined {
    if (this.ofIndex === undefined || this.ofValues > 0) return undefined;
    return configFailure(`index ${index} refuses every row alike, which is no fault of the file: ${this.ofIndex}`);
  }
}
