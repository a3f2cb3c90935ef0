import type { Batch } from '../../batch.ts';
import type { Decision } from '../../protocol.ts';
import type { Place } from './grid.ts';
import { LaterTables } from './later-tables.ts';
import { RepeatedHeader } from './repeated-header.ts';

const PIECE_ROWS = 512;

/** What is found in the rows of a table while they come by. */
export class RowsWatch {
  private readonly repeated: RepeatedHeader;
  private readonly later: LaterTables | undefined;

  /** `decided`: what the first rows told. */
  constructor(place: Place, decided: readonly Decision[]) {
    this.repeated = new RepeatedHeader(place);
    this.later = decided.some(({ name }) => name === 'tables') ? undefined : new LaterTables(place);
  }

  /** The batches as they are. */
  async *over(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    for await (const batch of batches) {
      // In pieces, so that who looks second finds the bytes in the processor's cache.
      for (let from = 0; from < batch.rows; from += PIECE_ROWS) {
        const to = Math.min(from + PIECE_ROWS, batch.rows);
        this.repeated.see(batch, from, to);
        this.later?.see(batch, from, to);
      }
      yield batch;
    }
  }

  decisions(): Decision[] {
    return [...this.repeated.decisions(), ...(this.later?.decisions() ?? [])];
  }
}
