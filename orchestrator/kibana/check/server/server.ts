import type { Client } from '@elastic/elasticsearch';
import { messageOf } from '../../../errors.ts';
import { fieldsOf, listOf, numberOf, type Fields } from '../json.ts';

/** What is asked of Elasticsearch, as a person's Kibana would. */
export interface Server {
  /** The answer to a search; throws what the server says. Indices that are missing count as empty. */
  search(index: string, body: Fields): Promise<Fields>;
  /** Types of the fields of all indices that the pattern means. */
  fieldCaps(index: string): Promise<FieldCaps>;
}

export interface FieldCaps {
  /** Names of the indices. */
  indices: string[];
  /** Capabilities by type, by field. */
  fields: Fields;
}

/** How long the server has for an answer. */
const TIMEOUT_MS = 60_000;

/** Asks through the client, whose credentials need `read` and `view_index_metadata` on the indices. */
export function elasticsearchServer(client: Client, signal?: AbortSignal): Server {
  const options = { requestTimeout: TIMEOUT_MS, maxRetries: 1, ...(signal === undefined ? {} : { signal }) };
  const ask = async (method: string, path: string, querystring: Fields, body?: Fields): Promise<Fields> => {
    try {
      return fieldsOf(
        await client.transport.request({ method, path, querystring, ...(body ? { body } : {}) }, options),
      );
    } catch (error) {
      throw new Error(causeOf(error), { cause: error });
    }
  };
  return {
    search: (index, body) =>
      ask('POST', `/${encodeURIComponent(index)}/_search`, { ignore_unavailable: true, allow_no_indices: true }, body),
    async fieldCaps(index) {
      const path = `/${encodeURIComponent(index)}/_field_caps`;
      const answer = await ask('GET', path, { fields: '*', ignore_unavailable: true, allow_no_indices: true });
      const { indices } = answer;
      const names = typeof indices === 'string' ? [indices] : listOf(indices).filter(one => typeof one === 'string');
      return { indices: names, fields: fieldsOf(answer['fields']) };
    },
  };
}

/** Elasticsearch hides what is wrong in the causes of its error. */
function causeOf(error: unknown): string {
  const body = fieldsOf(fieldsOf(fieldsOf(error)['meta'])['body']);
  const reasons: string[] = [];
  let cause = fieldsOf(body['error']);
  for (let depth = 0; depth < 5 && Object.keys(cause).length > 0; depth++) {
    const { reason } = cause;
    if (typeof reason === 'string' && reason !== 'all shards failed') reasons.push(reason);
    const failed = fieldsOf(fieldsOf(listOf(cause['failed_shards'])[0])['reason']);
    cause = Object.keys(failed).length > 0 ? failed : fieldsOf(cause['caused_by']);
  }
  return reasons.length === 0 ? messageOf(error) : [...new Set(reasons)].join(': ').slice(0, 500);
}

/** How many documents an answer found. */
export function totalOf(answer: Fields): number {
  return numberOf(fieldsOf(fieldsOf(answer['hits'])['total'])['value']) ?? 0;
}
