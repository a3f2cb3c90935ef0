import type { Batch } from '../../batch/batch.ts';
import type { Decision } from '../../contract/protocol.ts';
import { lastRowDecision } from './footer.ts';
import type { Place } from './grid.ts';
import { LaterTables } from './later-tables.ts';
import { RepeatedHeader } from './repeated-header.ts';

const PIECE_ROWS = 512;

/** What is found in the rows of a table while they come by. */
export class RowsWatch {
  private readonly repeated: RepeatedHeader;
  private readonly later: LaterTables;
  private readonly hasTables: boolean;
  private readonly isEndKnown: boolean;

  /** `decided`: what the first rows told; `isEndKnown`: notes below the table were looked for. */
  constructor(place: Place, decided: readonly Decision[], isEndKnown: boolean) {
    this.repeated = new RepeatedHeader(place);
    this.later = new LaterTables(place);
    this.hasTables = decided.some(({ name }) => name === 'tables');
    this.isEndKnown = isEndKnown;
  }

  /** The batches as they are. */
  async *over(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    for await (const batch of batches) {
      // In pieces, so that who looks second finds the bytes in the processor's cache.
      for (let from = 0; from < batch.rows; from += PIECE_ROWS) {
        const to = Math.min(from + PIECE_ROWS, batch.rows);
        this.repeated.see(batch, from, to);
        this.later.see(batch, from, to);
      }
      yield batch;
    }
  }

  decisions(): Decision[] {
    const end = this.isEndKnown ? undefined : lastRowDecision(this.later.lastRows, 0);
    return [
      ...this.repeated.decisions(),
      ...(this.hasTables ? [] : this.later.decisions()),
      ...(end === undefined ? [] : [end]),
    ];
  }
}
