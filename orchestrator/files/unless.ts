import { codeOf } from '../errors.ts';

/** Passes over errors with one of these codes. */
export function unless(...codes: string[]): (error: unknown) => undefined {
  return error => {
    if (!codes.includes(codeOf(error) ?? '')) throw error;
    return undefined;
  };
}
