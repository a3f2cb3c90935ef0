import type { Job } from '../../contract/settings.ts';
import { deleteAction } from './actions.ts';
import type { BulkRequest } from './bulk-request.ts';
import type { BulkSender } from './bulk-sender.ts';
import { mayBeInFormer, type ReadyIndices } from './index-setup.ts';
import { LeftRows } from './left-rows.ts';
import type { Place } from './places.ts';

/** Clocks of two machines, and that the index is made once its first file was seen. */
const CLOCK_MARGIN_MS = 60_000;
/** Ids behind the last row that are looked for, and so many at most at once. */
const FIRST_LOOK = 100;
const MOST_LOOKED = 10_000;

export interface FormerRowsOptions {
  job: Job;
  /** Under which the rows are written. */
  name: string;
  log: (text: string) => void;
  /** A sender that is for one index alone. */
  senderFor(place: Place): BulkSender;
}

/** A stretch of rows whose ids go, but for those that are not left. */
export interface Stretch {
  fileKey: string;
  from: number;
  upTo: number;
  isLeft?: (row: number) => boolean;
}

/** Takes rows out by computed ids: Elasticsearch finds no range of ids. */
export class FormerRows {
  /** How many were there. */
  deleted = 0;
  readonly left = new LeftRows();
  private readonly job: Job;
  private readonly name: string;
  private readonly log: (text: string) => void;
  private readonly senderFor: (place: Place) => BulkSender;

  constructor({ job, name, log, senderFor }: FormerRowsOptions) {
    this.job = job;
    this.name = name;
    this.log = log;
    this.senderFor = senderFor;
  }

  /** Resolves with how many there were, once all is answered. */
  async deleteBy(sender: BulkSender, { fileKey, from, upTo, isLeft = () => true }: Stretch): Promise<number> {
    if (from > upTo) return 0;
    const before = sender.deleted;
    sender.countDeletes();
    let request = sender.newRequest();
    for (let row = from; row <= upTo; row++) {
      if (isLeft(row)) this.addDelete(request, fileKey, row);
      if (!request.isFull) continue;
      await sender.send(request);
      request = sender.newRequest();
    }
    if (request.operations > 0) await sender.send(request);
    else sender.giveBack(request);
    await sender.drain();
    const deleted = sender.deleted - before;
    this.deleted += deleted;
    return deleted;
  }

  async deleteIn(place: Place, fileKey: string, rows: number): Promise<void> {
    await this.deleteBy(this.senderFor(place), { fileKey, from: 1, upTo: rows });
  }

  /** Where rows go no more, but went when the file was first seen. */
  async deleteFormer({ former, since }: ReadyIndices): Promise<void> {
    const { fileKey, fileRows, seenAt } = this.job;
    if (fileRows === 0) return;
    for (const place of former) {
      if (place.refusal === null) await this.deleteIn(place, fileKey, fileRows);
      else if (mayBeInFormer(seenAt, since, Date.now())) this.left.add(this.name, fileKey, place);
    }
  }

  /**
   * Whether the index is older than what is remembered, and nothing is remembered of this file: its rows may be there
   * all the same, as after a lost DATA_DIR.
   */
  mayHoldUnknown({ since }: ReadyIndices): boolean {
    const { fileRows, knownSince } = this.job;
    return fileRows === 0 && knownSince !== undefined && since < knownSince - CLOCK_MARGIN_MS;
  }

  /** Whoever fills an index may mostly not search it: as long as some of the next ids are found, it is looked further. */
  async deleteUnknown(sender: BulkSender, lastRow: number): Promise<void> {
    const { fileKey } = this.job;
    let deleted = 0;
    let from = lastRow + 1;
    for (let count = FIRST_LOOK; ; count = Math.min(count * 10, MOST_LOOKED)) {
      const found = await this.deleteBy(sender, { fileKey, from, upTo: from + count - 1 });
      deleted += found;
      from += count;
      if (found === 0) break;
    }
    if (deleted === 0) return;
    this.log(
      `${deleted} rows of an earlier version of this file, of which nothing was remembered, were taken out of index ${this.name}`,
    );
  }

  private addDelete(request: BulkRequest, fileKey: string, row: number): void {
    const line = deleteAction(fileKey, row, this.job.version);
    request.hasRoom(line.length);
    const end = request.byteLength + request.body.write(line, request.byteLength);
    request.add(end, row, null, row);
  }
}
