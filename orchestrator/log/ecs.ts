/** Fields of a line, already plain and masked, under the names of the Elastic Common Schema. */
export type EcsFields = Record<string, string | number | boolean | string[]>;

const LONGEST_TEXT = 10_000;
const NANOSECONDS_PER_MS = 1_000_000;

/** Our names, and the ECS ones they stand for. Anything else becomes a label: a keyword without a mapping of its own. */
const names: Record<string, string> = {
  dataset: 'event.dataset',
  run: 'labels.run_id',
  runId: 'labels.run_id',
  'run.id': 'labels.run_id',
  file: 'file.path',
  path: 'file.path',
  sizeBytes: 'file.size',
  exitCode: 'process.exit_code',
  container: 'container.id',
  image: 'container.image.name',
  url: 'url.full',
};

const ecsSets =
  /^(event|labels|file|process|container|url|host|service|error|http|user|client|source|log|ecs|data_stream)\./;

/** Field sets as flat, dotted names. Values are scalars; objects become JSON, so that the index never grows new mappings. */
export function toEcs(fields: Record<string, unknown>): EcsFields {
  const ecs: EcsFields = {};
  for (const [name, value] of Object.entries(fields)) addField(ecs, name, value);
  return ecs;
}

function addField(ecs: EcsFields, name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  if (name === 'error' || name === 'err' || name === 'cause') return addError(ecs, value);
  if (name === 'durationMs' && typeof value === 'number') {
    ecs['event.duration'] = Math.round(value * NANOSECONDS_PER_MS);
    return;
  }
  if (ecsSets.test(`${name}.`) && typeof value === 'object' && !Array.isArray(value)) {
    for (const [part, item] of Object.entries(value)) addField(ecs, `${name}.${part}`, item);
    return;
  }
  const known = names[name] ?? (ecsSets.test(name) ? name : undefined);
  if (known === undefined || known.startsWith('labels.')) ecs[known ?? labelName(name)] = textOf(value);
  else ecs[known] = typeof value === 'number' || typeof value === 'boolean' ? value : textOf(value);
}

/** `rowsLoaded` → `labels.rows_loaded`; dots would make objects of labels, which ECS keeps flat. */
function labelName(name: string): string {
  const snake = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('.', '_');
  return `labels.${snake.toLowerCase()}`;
}

function addError(ecs: EcsFields, value: unknown): void {
  if (typeof value !== 'object' || value === null || !('message' in value)) {
    ecs['error.message'] = textOf(value);
    return;
  }
  const { type, message, code } = value as Record<string, unknown>;
  ecs['error.message'] = textOf(message);
  if (type !== undefined) ecs['error.type'] = textOf(type);
  if (code !== undefined) ecs['error.code'] = textOf(code);
  const trace = traceOf(value);
  if (trace !== '') ecs['error.stack_trace'] = shorten(trace);
}

/** The stack of an error and of each of its causes, as Node prints them. */
function traceOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return textOf(error);
  const { stack_trace: stack, message, cause } = error as Record<string, unknown>;
  const own = textOf(stack ?? message ?? error);
  return cause === undefined ? own : `${own}\nCaused by: ${traceOf(cause)}`;
}

function textOf(value: unknown): string {
  return shorten(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

/** Lucene refuses terms of more than 32,766 bytes, and a line of log needs no more than this. */
function shorten(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
}
