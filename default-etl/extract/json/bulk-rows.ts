import type { BatchBuilder } from '../../batch/batch-builder.ts';
import { JsonRows, type RecordRows } from './json-rows.ts';
import { endInHead, INCOMPLETE, skipSpace, stringEnd } from './scanner.ts';

const QUOTE = 34;
const COMMA = 44;
const OPEN_ARRAY = 91;
const OPEN_OBJECT = 123;

/** What Elasticsearch's and OpenSearch's bulk API does with the document that follows: index, create, update, delete. */
interface Action {
  name: string;
  /** Of the document; undefined where Elasticsearch makes one. */
  id: string | undefined;
  /** Where it stands, for a reject. */
  text: string;
  line: number;
}

const ACTIONS: ReadonlySet<string> = new Set(['index', 'create', 'update', 'delete']);
/** What an action line says about its document (Elasticsearch reference, bulk API). */
const ABOUT_DOCUMENT =
  /^(_index|_id|_type|_?routing|_?parent|_?version|_?version_type|_?retry_on_conflict|require_alias|require_data_stream|pipeline|if_seq_no|if_primary_term|dynamic_templates|list_executed_pipelines|op_type|_source|_?timestamp|_?ttl)$/;

/**
 * Makes rows of the documents in a body of the bulk API, whose ids are a column `_id`; the lines of actions are none.
 * What takes a document away or changes a part of it is a reject: it is no row.
 */
export class BulkRows implements RecordRows {
  readonly builder: BatchBuilder;
  private readonly rows = new JsonRows({ keyColumn: '_id' });
  private action: Action | undefined;

  constructor() {
    this.builder = this.rows.builder;
  }

  add(bytes: Buffer, from: number, to: number, line: number): boolean {
    const next = actionAt(bytes, from, to, line);
    if (next !== undefined) {
      this.end();
      if (next.name === 'delete') this.refuseText(next, 'it deletes a document: that is no row');
      else this.action = next;
      return true;
    }
    const { action } = this;
    if (action?.name === 'update')
      this.refuse(bytes, from, to, line, 'it changes a part of a document: that is no row');
    else if (!this.rows.add(bytes, from, to, line, action?.id)) return false;
    this.action = undefined;
    return true;
  }

  refuse(bytes: Buffer, from: number, to: number, line: number, reason: string): void {
    this.action = undefined;
    this.rows.refuse(bytes, from, to, line, reason);
  }

  end(): void {
    if (this.action) this.refuseText(this.action, 'its document is missing');
  }

  private refuseText({ text, line }: Action, reason: string): void {
    const bytes = Buffer.from(text);
    this.refuse(bytes, 0, bytes.length, line, reason);
  }
}

/** Whether the values that a text begins with are an action and what follows one. */
export function startsBulk(head: Buffer): boolean {
  let first = skipSpace(head, 0, head.length);
  if (head[first] === OPEN_ARRAY) first = skipSpace(head, first + 1, head.length);
  const end = endInHead(head, first);
  if (end === INCOMPLETE) return false;
  const action = actionAt(head, first, end, 1);
  if (action === undefined) return false;
  let next = skipSpace(head, end, head.length);
  if (head[next] === COMMA) next = skipSpace(head, next + 1, head.length);
  return head[next] === OPEN_OBJECT || (action.name === 'delete' && next === head.length);
}

/** The action that an object says, and nothing but what is about its document; undefined where it is none. */
function actionAt(bytes: Buffer, from: number, to: number, line: number): Action | undefined {
  if (bytes[from] !== OPEN_OBJECT) return undefined;
  const key = skipSpace(bytes, from + 1, to);
  if (bytes[key] !== QUOTE) return undefined;
  const name = bytes.toString('latin1', key + 1, stringEnd(bytes, key, to) - 1);
  if (!ACTIONS.has(name)) return undefined;
  const text = bytes.toString('utf8', from, to);
  const members = Object.entries(parsed(text) ?? {});
  const about = members[0]?.[1];
  if (members.length !== 1 || typeof about !== 'object' || about === null) return undefined;
  if (!Object.keys(about).every(member => ABOUT_DOCUMENT.test(member))) return undefined;
  const id = (about as Record<string, unknown>)['_id'];
  return { name, id: typeof id === 'string' || typeof id === 'number' ? String(id) : undefined, text, line };
}

function parsed(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
