import type { Source } from '../../unpack/source.ts';

/**
 * The file could not be read, or the run was cancelled: that is no damage, as what a decoder throws is. Its cause is
 * the error.
 */
export class SourceFault extends Error {}

/** Throws SourceFault; a TypeError or RangeError where a damaged footer names a place that is none. */
export async function readPart(source: Pick<Source, 'readAt'>, start: number, length: number): Promise<Buffer> {
  return await source.readAt(start, length).catch((cause: unknown) => {
    const isNoPlace = cause instanceof TypeError || cause instanceof RangeError;
    throw isNoPlace ? cause : new SourceFault('the source could not be read', { cause });
  });
}
