import type { Client, estypes } from '@elastic/elasticsearch';
import { statusOf } from '../errors.ts';

/** A data stream, and the index template by which Elasticsearch makes it. */
export interface StreamTemplate {
  stream: string;
  name: string;
  body: Omit<estypes.IndicesPutIndexTemplateRequest, 'name'>;
  /** How long documents are kept, as Elasticsearch writes durations; null: as the template says. */
  retention: string | null;
}

const NOT_FOUND = 404;
/** Of a server that is just starting, or has too much to do; undefined of one that did not answer. */
const PASSING = [undefined, 429, 502, 503, 504];

/** Whether a server that gave this error may take the same request later. */
export function isPassing(error: unknown): boolean {
  return PASSING.includes(statusOf(error));
}

/**
 * Makes the template where it is missing; of one that is there nothing is changed but the retention, where one is set.
 * That is set of the stream, too, which keeps what its template said when it was made. Idempotent.
 */
export async function provideTemplate(client: Client, template: StreamTemplate, signal: AbortSignal): Promise<void> {
  const { name, body, retention } = template;
  const exists = await client.indices.existsIndexTemplate({ name }, { signal });
  if (!exists) await client.indices.putIndexTemplate({ name, ...withRetention(body, retention) }, { signal });
  if (retention === null) return;
  if (exists) await setTemplateRetention(client, name, { retention, signal });
  await setStreamRetention(client, template.stream, { retention, signal });
}

interface Retention {
  retention: string;
  signal: AbortSignal;
}

async function setTemplateRetention(client: Client, name: string, { retention, signal }: Retention): Promise<void> {
  const { index_templates: found } = await client.indices.getIndexTemplate({ name }, { signal });
  const template = found[0]?.index_template;
  if (template === undefined || template.template?.lifecycle?.data_retention === retention) return;
  await client.indices.putIndexTemplate({ name, ...withRetention(asPut(template), retention) }, { signal });
}

/** Of what a server says of a template, what it takes of one. */
function asPut(found: estypes.IndicesIndexTemplate): StreamTemplate['body'] {
  const { index_patterns, composed_of, template, version, priority, _meta, allow_auto_create, data_stream } = found;
  return {
    index_patterns,
    ...(composed_of !== undefined && { composed_of }),
    ...(template !== undefined && { template: template as NonNullable<StreamTemplate['body']['template']> }),
    ...(version !== undefined && { version }),
    ...(priority !== undefined && { priority }),
    ...(_meta !== undefined && { _meta }),
    ...(allow_auto_create !== undefined && { allow_auto_create }),
    ...(data_stream !== undefined && { data_stream }),
  };
}

function withRetention(body: StreamTemplate['body'], retention: string | null): StreamTemplate['body'] {
  if (retention === null) return body;
  const lifecycle = { ...body.template?.lifecycle, data_retention: retention };
  return { ...body, template: { ...body.template, lifecycle } };
}

async function setStreamRetention(client: Client, name: string, { retention, signal }: Retention): Promise<void> {
  try {
    const { data_streams: streams } = await client.indices.getDataStream({ name }, { signal });
    if (streams[0]?.lifecycle?.data_retention === retention) return;
    await client.indices.putDataLifecycle({ name, data_retention: retention }, { signal });
  } catch (error) {
    // It is made by the first document, and then from the template.
    if (statusOf(error) !== NOT_FOUND) throw error;
  }
}
