import { neverFailure } from '../../contract/failure.ts';
import { USUAL } from '../../contract/limits.ts';
import type { Sheet } from './sheet.ts';

/** As long as a record of a CSV may usually be. */
export const MAX_ROW_BYTES = USUAL.rowBytes;

export function rowTooLarge({ path, name }: Sheet): Error {
  return neverFailure(
    `${path}: a row of sheet ${JSON.stringify(name)} has more than the limit of ${MAX_ROW_BYTES} bytes of text`,
  );
}

export function textTooLarge({ path, name, maxTextBytes }: Sheet): Error {
  return neverFailure(
    `${path}: sheet ${JSON.stringify(name)} repeats its texts to more than ${maxTextBytes} bytes: the limit against bombs`,
  );
}
