import type { Client } from '@elastic/elasticsearch';
import { documentId, type FoundPlace, type Place, placesOf } from '../../default-etl/contract/contract.ts';
import { count } from '../text/count.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import type { HeldKey } from '../journal/journal.ts';
import { oneLine } from './text.ts';

/** Documents of a request. */
const BULK = 5000;
/** More would be a wall of text. */
const MOST_NAMED = 10;

/** What became of the rows under one name. */
interface Gone {
  /** The indices behind it. */
  places: Place[];
  deleted: number;
  /** In none of them: rejected or filtered rows, or taken out before. */
  missing: number;
  newer: number;
}

type Outcome = 'deleted' | 'missing' | 'newer';

/** Rows in Elasticsearch, to be taken out by their ids from every index behind the names under which they were loaded. */
export class IndexedRows {
  readonly #client: Client;
  readonly #gone: ReadonlyMap<string, Gone>;

  private constructor(client: Client, gone: ReadonlyMap<string, Gone>) {
    this.#client = client;
    this.#gone = gone;
  }

  /** Throws an OrchestratorError (`never`) where rows can't be taken out of one of the indices behind these names. */
  static async behind(client: Client, names: readonly string[]): Promise<IndexedRows> {
    const gone = new Map<string, Gone>();
    for (const name of names)
      gone.set(name, { places: await findPlaces(client, name), deleted: 0, missing: 0, newer: 0 });
    assertWritable(gone);
    return new IndexedRows(client, gone);
  }

  /** Every id up to the highest that may have been sent, whatever became of the row. */
  async remove({ fileKey, index, rows }: HeldKey, version: number): Promise<void> {
    const gone = this.#gone.get(index);
    if (gone === undefined) throw new OrchestratorError('bug', `nobody has looked what is behind ${index}`);
    for (let row = 1; row <= rows; row += BULK) {
      const ids = Array.from({ length: Math.min(BULK, rows - row + 1) }, (_, offset) =>
        documentId(fileKey, row + offset),
      );
      const outcomes: Outcome[][] = [];
      for (const place of gone.places) outcomes.push(await this.#delete(place, ids, version));
      for (const at of ids.keys()) gone[ofAll(outcomes.map(each => each[at] ?? 'missing'))] += 1;
    }
  }

  /** From then on searches find nothing that is gone. */
  async show(): Promise<void> {
    for (const { places } of this.#gone.values())
      for (const { index } of places) await told(index, this.#client.indices.refresh({ index }, { ignore: [404] }));
  }

  /** What was done, for people. */
  sentences(): string[] {
    return [...this.#gone].map(goneText);
  }

  async #delete({ index, routing }: Place, ids: readonly string[], version: number): Promise<Outcome[]> {
    const operations = ids.map(_id => ({ delete: { _id, version, version_type: 'external_gte' as const } }));
    const request = { index, operations, ...(routing === undefined ? {} : { routing }) };
    const { items } = await told(index, this.#client.bulk(request));
    return items.map(({ delete: outcome }) => outcomeOf(index, outcome));
  }
}

/** The mappings, which may be large, are left out. */
async function findPlaces(client: Client, name: string): Promise<Place[]> {
  const request = { index: name, flat_settings: true, filter_path: ['*.aliases', '*.settings'] };
  const answer = await told(name, client.indices.get(request, { ignore: [404], meta: true }));
  return answer.statusCode === 404 ? [] : placesOf(name, answer.body as Record<string, FoundPlace>);
}

function assertWritable(gone: ReadonlyMap<string, Gone>): void {
  const refusing = [...gone].flatMap(([name, { places }]) =>
    places.flatMap(place => {
      const why = whyNot(place);
      return why === null ? [] : [`${place.index}${place.index === name ? '' : ` behind ${name}`}, which is ${why}`];
    }),
  );
  if (refusing.length === 0) return;
  const shown = refusing.slice(0, MOST_NAMED).join('; ') + (refusing.length > MOST_NAMED ? '; …' : '');
  const advice = 'open what is closed, lift the blocks (index.blocks), and forget the dataset again';
  throw new OrchestratorError(
    'never',
    `rows can’t be taken out of ${shown}: ${advice}; nothing was deleted or forgotten`,
  );
}

function whyNot({ refusal, isDiskFull }: Place): string | null {
  if (refusal === 'closed') return 'closed';
  if (refusal === 'blocked') return 'blocked for writing';
  return isDiskFull ? 'blocked for writing, because its disk is too full' : null;
}

function outcomeOf(
  index: string,
  outcome: { status: number; error?: { reason?: string | null } } | undefined,
): Outcome {
  const { status = 0, error } = outcome ?? {};
  if (status === 200) return 'deleted';
  if (status === 404) return 'missing';
  if (status === 409) return 'newer';
  throw refused(index, error?.reason ?? `status ${status}`);
}

/** What became of a row in all indices: one that stays anywhere is there. */
function ofAll(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('newer')) return 'newer';
  return outcomes.includes('deleted') ? 'deleted' : 'missing';
}

async function told<Result>(index: string, request: Promise<Result>): Promise<Result> {
  try {
    return await request;
  } catch (error) {
    throw refused(index, oneLine(messageOf(error)), error);
  }
}

function refused(index: string, why: string, cause?: unknown): OrchestratorError {
  const text = `rows can’t be taken out of the index ${index}: ${why}; mend that, and forget the dataset again`;
  return new OrchestratorError('never', text, { cause });
}

function goneText([name, { places, deleted, missing, newer }]: [string, Gone]): string {
  const behind = places.length > 1 ? `the ${places.length} indices behind ${name}` : `the index ${name}`;
  const others = missing === 0 ? '' : ` (${missing.toLocaleString('en')} more might have been there, but were not)`;
  const [stay, them] = newer === 1 ? ['stays', 'it'] : ['stay', 'them'];
  const left = newer === 0 ? '' : `, ${newer.toLocaleString('en')} ${stay}, since something newer wrote ${them}`;
  return `${count(deleted, 'row')} ${deleted === 1 ? 'is' : 'are'} taken out of ${behind}${others}${left}`;
}
