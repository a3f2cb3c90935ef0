import type { Batch } from '../../batch/batch.ts';
import { indexName, type Replaced } from '../../contract/protocol.ts';
import { awayFailure, configFailure, type EtlFailure, messageOf, neverFailure } from '../../contract/failure.ts';
import { rawText } from '../../batch/original.ts';
import type { Reserve } from '../reserve.ts';
import { RowSet } from './row-set.ts';
import type { Job } from '../../contract/settings.ts';
import type { FileTypes } from '../../types/column-type.ts';
import { keyAction, rowAction } from './actions.ts';
import { BulkRenderer, type BulkRequest } from './bulk-request.ts';
import { BulkSender, supersededBy } from './bulk-sender.ts';
import { Connection, Refusal } from './connection.ts';
import { readConnectionSettings } from './connection-settings.ts';
import {
  ensureIndex,
  fieldsOf,
  type FoundFields,
  indexIds,
  type IndexPlan,
  indicesBehind,
  placesBehind,
  type ReadyIndices,
} from './index-setup.ts';
import { FieldNames, typesOfFields } from './field-names.ts';
import { FieldWatch } from './field-watch.ts';
import { FormerRows } from './former-rows.ts';
import { recallIndex, rememberIndex } from './known-index.ts';
import { Refusals } from './refusals.ts';
import { newestBuilt, Overwrite } from './overwrite.ts';
import type { Place } from './places.ts';
import { assertNoSourceColumn, sourceMembers } from '../source-columns.ts';
import type { Completed, LoadContext, Target } from '../target.ts';

/** How long Elasticsearch may be away before the run ends with 75. */
export const PATIENCE_MS = 30_000;

const NONE: ReadyIndices = { ids: [], former: [], since: 0, isAlias: false, fields: { mappings: {}, settings: {} } };

/** Loads rows into an index by ids that tell their file and row (rules 3 to 5). */
export class ElasticsearchTarget implements Target {
  private readonly job: Job;
  private readonly reserve: Reserve;
  private readonly rejectRow: LoadContext['reject'];
  private readonly log: (text: string) => void;
  private readonly connection: Connection;
  private readonly fieldNames: FieldNames;
  private readonly renderer: BulkRenderer;
  private readonly name: string;
  private readonly byKey: boolean;
  private readonly overwrite: Overwrite | undefined;
  private readonly sourceBytes: number;
  private sender: BulkSender;
  private request: BulkRequest;
  /** Rows up to `sentUpTo` that this version did not load. */
  private readonly notLoaded = new RowSet();
  private sentUpTo = 0;
  /** Of mended rows there are not all up to `sentUpTo`. */
  private readonly mended = new RowSet();
  private readonly former: FormerRows;
  private readonly refusals = new Refusals();
  private readonly fields: FieldWatch;
  private indices: ReadyIndices = NONE;
  /** How the index must be, where it is not built anew. */
  private plan: IndexPlan | undefined;
  private opened = Promise.resolve();

  constructor({ job, reserve, reject, log, signal, sourceBytes }: Omit<LoadContext, 'reader' | 'newStep'>) {
    this.job = job;
    this.sourceBytes = sourceBytes;
    this.reserve = reserve;
    this.rejectRow = reject;
    this.log = log;
    this.connection = new Connection(readConnectionSettings(job.environment), signal, PATIENCE_MS);
    // rule 11: the ETL names the same index
    this.name = indexName(job.load, job.dataset, job.seenAt);
    this.byKey = job.load.id !== undefined;
    this.overwrite =
      job.load.overwrite && (job.action === 'add' || job.action === 'change' || job.mendReplaces)
        ? new Overwrite(this.connection, this.name, job.keyVersion, job.load.aliases)
        : undefined;
    this.former = new FormerRows({ job, name: this.name, log, senderFor: place => this.senderFor(place) });
    this.fields = new FieldWatch(this.name, job.load.mappings);
    this.fieldNames = new FieldNames({ connection: this.connection, index: this.writtenTo, log });
    this.renderer = new BulkRenderer(
      job.load.id ? keyAction(job.load.id, job.keyVersion) : rowAction(job.fileKey, job.version),
      sourceMembers(job),
      header => this.fieldNames.of(header),
    );
    this.sender = this.senderFor({ index: this.writtenTo });
    this.request = this.sender.newRequest();
  }

  /** Rows are read and rendered meanwhile: Elasticsearch takes 0.1 s for an index. */
  async open(types: FileTypes | undefined): Promise<void> {
    this.opened = this.makeReady(types).finally(() => this.fields.giveUp());
    this.sender.holdUntil(this.opened);
  }

  async load(batch: Batch): Promise<void> {
    if (this.job.load.source_columns) assertNoSourceColumn(batch.header);
    await this.fieldNames.settle(batch.header, this.opened);
    await this.fields.see(batch, this.fieldNames.of(batch.header));
    for (const reject of batch.rejects) this.notLoaded.add(reject.row);
    for (const row of batch.filtered ?? []) this.notLoaded.add(row);
    if (this.job.mendReplaces) for (let at = 0; at < batch.rows; at++) this.mended.add(batch.numbers[at] as number);
    for (let row = 0; row < batch.rows; ) {
      // rule 5: a number of at least the row is written before it is sent
      // rule 5: without it nothing is sent
      this.reserve.upTo(batch.numbers[batch.rows - 1] as number);
      row = this.renderer.render(batch, row, this.request, (refused, reason) => this.refuse(batch, refused, reason));
      this.sentUpTo = Math.max(this.sentUpTo, batch.numbers[Math.max(0, row - 1)] as number);
      if (row < batch.rows || this.request.isFull) await this.flush();
    }
  }

  async drain(): Promise<void> {
    await this.opened;
    await this.flush();
    await this.sender.drain();
  }

  async complete(): Promise<Completed> {
    await this.drain();
    await this.assertStillThere();
    // rule 12: no tail is deleted
    const isVersion = this.job.action !== 'mend' || this.job.mendReplaces;
    const deletesTail = isVersion && !this.byKey && !this.overwrite;
    // rule 5: every id up to it that was not loaded is deleted
    if (deletesTail) {
      // A delete of what was never there costs Elasticsearch memory for a day (gc_deletes): a filter may take millions
      // of rows out.
      const isUnknown = this.former.mayHoldUnknown(this.indices);
      const upTo = this.job.isFileRowsKnown && !isUnknown ? this.job.fileRows : this.lastRow();
      // All rows up to the last one were sent, mostly: then there is nothing to look for among them.
      const from = this.notLoaded.isEmpty && !this.job.mendReplaces ? this.sentUpTo + 1 : 1;
      await this.deleteRows(from, upTo, row => this.isLeft(row));
      if (isUnknown) await this.former.deleteUnknown(this.sender, this.lastRow());
      await this.former.deleteFormer(this.indices);
    }
    await this.explain(async () => await this.overwrite?.finish());
    await this.deleteReplaced();
    await this.show();
    return this.completed();
  }

  /** ACTION delete: every row of the file goes. */
  async deleteAll(): Promise<Completed> {
    // A bulk delete would make an index that is not there.
    await this.deleteFrom({ index: this.name, FILE_KEY: this.job.fileKey, FILE_ROWS: this.job.fileRows });
    await this.deleteReplaced();
    await this.show();
    return this.completed();
  }

  async abandon(): Promise<void> {
    await this.overwrite?.abandon();
  }

  fault(): EtlFailure | undefined {
    return this.sender.hasAccepted ? undefined : this.refusals.fault(this.name);
  }

  async takeBack(): Promise<string> {
    await this.sender.settle();
    // Nothing was sent into an index that could not be made.
    if (!(await succeeds(this.opened))) return '';
    if (this.overwrite) {
      // rule 11: one that fails changes nothing
      await this.overwrite.abandon();
      return `index ${this.name} stays as it was`;
    }
    if (this.sentUpTo === 0) return '';
    // rule 4: LOAD.id: nothing is taken back
    if (this.byKey) return 'what was loaded stays: with LOAD.id nothing is taken back';
    if (this.job.action === 'mend') return 'the rows mended so far stay';
    await this.deleteRows(1, this.lastRow());
    await this.refresh();
    const former =
      // rule 7: the error says that the former rows are gone
      this.job.fileRows > 0 ? "; the former version's rows are gone too, since they have the same ids" : '';
    return `its rows were taken out of index ${this.name} again${former}`;
  }

  async close(): Promise<void> {
    this.sender.close(this.request);
    this.connection.close();
  }

  private async makeReady(columns: FileTypes | undefined): Promise<void> {
    const types = columns && typesOfFields(columns);
    const { mappings, aliases = [] } = this.job.load;
    await this.explain(async () => {
      if (this.job.action === 'mend' && this.job.load.overwrite) await this.assertNotRebuilt();
      if (this.overwrite) {
        this.fields.expect(types, undefined);
        await this.overwrite.begin({ mappings, types, sourceBytes: this.sourceBytes });
        this.fields.expect(types, await fieldsOf(this.connection, this.overwrite.building));
        this.indices = { ...NONE, ids: await indexIds(this.connection, this.overwrite.building) };
      } else {
        this.plan = { name: this.name, mappings, types, aliases };
        const onLooked = (found: FoundFields | undefined) => this.fields.expect(types, found);
        const known = recallIndex(this.connection, this.plan);
        if (known) onLooked(known.fields);
        this.indices = known ?? (await ensureIndex(this.connection, this.plan, this.log, onLooked));
      }
    });
    this.log(`target: index ${this.name}${this.overwrite ? `, built as ${this.overwrite.building}` : ''}`);
  }

  private completed(): Completed {
    const { deleted, left } = this.former;
    const toCheck = [...left.sentences(), ...this.fields.sentences()];
    return { deleted, left: left.list(), toCheck, leftOut: this.fields.total };
  }

  private get writtenTo(): string {
    // rule 11: overwrite builds a new index
    return this.overwrite?.building ?? this.name;
  }

  /** A bulk request makes an index anew that someone deleted meanwhile: rows sent before would be missing without a word. */
  private async assertStillThere(): Promise<void> {
    const now = await indexIds(this.connection, this.writtenTo);
    if (this.indices.ids.every(id => now.includes(id))) {
      if (this.plan) rememberIndex(this.connection, this.plan, this.indices);
      return;
    }
    throw awayFailure(
      `index ${this.writtenTo} was deleted while rows were on their way; the file will be loaded again`,
    );
  }

  /** The rows of a file are none of an index that a newer one has built. */
  private async assertNotRebuilt(): Promise<void> {
    const newest = newestBuilt(this.name, await indicesBehind(this.connection, this.name));
    // rule 12: mended rows are none of an index that was built since
    if (newest <= this.job.newestBuilt) return;
    throw neverFailure(
      `the mended rows have no place: index ${this.name} holds the rows of a newer file (LOAD.overwrite); replay the run that rejected them if its file is to take that one's place`,
    );
  }

  private lastRow(): number {
    return Math.max(this.job.fileRows, this.sentUpTo);
  }

  private isLeft(row: number): boolean {
    // rule 5: rejected rows’ ids too
    // rule 12: the first of them take the place of the former version
    return row > this.sentUpTo || this.notLoaded.has(row) || (this.job.mendReplaces && !this.mended.has(row));
  }

  private refuse(batch: Batch, row: number, reason: string): void {
    const number = batch.numbers[row] as number;
    this.notLoaded.add(number);
    this.rejectRow({ row: number, line: batch.lines[row] || null, reason, raw: rawText(batch, row) ?? '' });
  }

  private async flush(): Promise<void> {
    const full = this.request;
    if (full.operations === 0) return;
    await this.sender.send(full);
    this.request = this.sender.newRequest();
  }

  private senderFor(place: Pick<Place, 'index'> & Partial<Place>): BulkSender {
    return new BulkSender({
      index: place.index,
      routing: place.routing,
      connection: this.connection,
      verdicts: {
        rejected: (request, operation, reason, isOfValue) => {
          this.refusals.add(reason, isOfValue);
          // rule 5: those that Elasticsearch refuses too
          this.notLoaded.add(request.rows[operation] as number);
          // rule 7: a refused row is a reject with its reason
          this.rejectRow(request.reject(operation, reason));
        },
        conflicted: (_request, _operation, reason) => {
          // With key columns a later row or file has the id: that is what was asked for.
          // rule 4: a 409 ends the attempt
          // rule 4: LOAD.id: superseded counts as loaded
          if (!this.byKey) throw supersededBy(reason, this.job.version);
        },
      },
      patienceMs: PATIENCE_MS,
      isPacked: this.job.load.compress ?? false,
    });
  }

  private async deleteRows(from: number, upTo: number, isLeft?: (row: number) => boolean): Promise<void> {
    const { fileKey } = this.job;
    await this.former.deleteBy(this.sender, { fileKey, from, upTo, ...(isLeft && { isLeft }) });
  }

  private async deleteReplaced(): Promise<void> {
    // rule 3: rows of replaced keys go once the new are loaded
    for (const replaced of this.job.replaces) {
      if (this.overwrite && replaced.index === this.name) continue;
      await this.deleteFrom(replaced);
    }
  }

  /** From all indices behind the name: an alias may have been rolled over since. */
  private async deleteFrom({ index, FILE_KEY, FILE_ROWS }: Replaced): Promise<void> {
    for (const place of await placesBehind(this.connection, index)) {
      // What rows still go to is waited for.
      const isAwaited = index === this.name && place.isWritten;
      if (place.refusal === null || isAwaited) await this.former.deleteIn(place, FILE_KEY, FILE_ROWS);
      else if (FILE_ROWS > 0) this.former.left.add(index, FILE_KEY, place);
    }
    if (index !== this.name) await this.refresh(index);
  }

  /** From then on searches find what is new, and nothing that is gone. */
  private async show(): Promise<void> {
    if (!this.job.isRefreshedLater) await this.refresh();
  }

  private async refresh(index = this.name): Promise<void> {
    const path = `/${encodeURIComponent(index)}/_refresh`;
    // An alias may lead to closed indices, too.
    const query = { ignore_unavailable: 'true' };
    await this.connection.request({ method: 'POST', path, query, ignore: [404] });
  }

  /** A refusal of the index itself is no fault of the file, nor over by itself. */
  private async explain(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw configFailure(`index ${this.name} can't be made ready: ${messageOf(error)}`);
    }
  }
}

function succeeds(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
