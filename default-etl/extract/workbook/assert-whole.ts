import { neverFailure } from '../../contract/failure.ts';

/** Of what is read whole: many times as much is in memory then. */
const MAX_WHOLE_BYTES = 2 ** 28;

/** Throws EtlFailure 65 where so many bytes are too many to be read at once. */
export function assertWhole(path: string, sizeBytes: number): void {
  if (sizeBytes <= MAX_WHOLE_BYTES) return;
  throw neverFailure(
    `${path} has ${sizeBytes} bytes, and a workbook of its kind can only be read whole, up to ${MAX_WHOLE_BYTES}; save it as xlsx or CSV`,
  );
}
