import Type from 'typebox';
import { REQUEST } from './limits.ts';
import { RUNNER_KINDS, RUNNER_PARTS, type RunnerPart } from '../config/runners.ts';
import { RUN_STATES } from '../journal/journal.ts';

// What the API takes and gives. Routes carry these, so that /docs, validation and serialization can't disagree.

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const time = (description: string) => nullable(Type.String({ format: 'date-time', description }));
const count = nullable(Type.Integer());
const CURSOR = `^[0-9]{1,${REQUEST.cursorDigits}}$`;

export const runSchema = Type.Object({
  id: Type.String(),
  dataset: Type.String(),
  file: Type.String({ description: 'Relative to the watched folder, with /.' }),
  state: Type.String({ enum: [...RUN_STATES] }),
  attempt: Type.Integer({ description: 'Attempts started so far.' }),
  rowsRead: count,
  rowsLoaded: count,
  rowsRejected: count,
  seenAt: time('When the file was first seen in this version.'),
  queuedAt: time('When it was complete.'),
  startedAt: time('When its first attempt started.'),
  endedAt: time('When it came to its final state.'),
  error: nullable(Type.String({ description: 'Why it failed, or what it waits for.' })),
  action: Type.String(),
  version: count,
  rowsFiltered: count,
  rowsDeleted: count,
  rowsMended: nullable(Type.Integer({ description: 'Of the rejected rows, those that mends loaded since.' })),
  valuesLeftOut: Type.Integer({
    description:
      'Values that are in the documents and not in their fields, so that no search finds them; `toCheck` says which.',
  }),
  toCheck: Type.Array(Type.String(), {
    description: 'Of a run that is done: what should be looked at all the same, as sentences. Mostly empty.',
  }),
  beside: Type.Integer({
    description: 'Beside the rows of how many former files of its path its own stand (ON_CHANGE: append).',
  }),
  progress: nullable(Type.Object({ rows: Type.Integer(), bytes: count, totalBytes: count })),
  replayOf: nullable(Type.String()),
  index: nullable(Type.String()),
  fileKey: nullable(Type.String()),
});

export const attemptSchema = Type.Object({
  attempt: Type.Integer(),
  runner: nullable(Type.String()),
  startedAt: time('When it started.'),
  endedAt: time('When it ended.'),
  exitCode: count,
  outcome: nullable(Type.String()),
  error: nullable(Type.String()),
});

const decisionSchema = Type.Object({
  name: Type.String({ description: 'A key of EXTRACT, or what none sets.' }),
  value: Type.Unknown(),
  confidence: Type.Number({ minimum: 0, maximum: 1, description: '1: it was declared, or is certain.' }),
  reason: Type.String(),
});

export const runDetailSchema = Type.Object({
  ...runSchema.properties,
  decisions: Type.Array(decisionSchema, { description: 'How its file is read.' }),
  mendRefusal: nullable(Type.String({ description: 'Why its rejected rows can’t be mended, or null where they can.' })),
  attempts: Type.Array(attemptSchema, { description: 'Its history, oldest first.' }),
  rowsUrl: nullable(
    Type.String({
      description:
        'Its rows in Kibana’s Discover: those of the run where they can be told (LOAD.source_columns, or few of them), else all of the dataset. Null where there is no Kibana, or none were loaded.',
    }),
  ),
});

export const pageSchema = Type.Object({
  items: Type.Array(runSchema),
  nextCursor: nullable(Type.String({ description: 'Pass it as `cursor` for the next page; null on the last.' })),
});

export const runsQuery = Type.Object(
  {
    dataset: Type.Optional(Type.String({ maxLength: REQUEST.nameCharacters })),
    state: Type.Optional(
      Type.String({
        maxLength: REQUEST.filterCharacters,
        description: `One or several, comma-separated: ${RUN_STATES.join(', ')}.`,
      }),
    ),
    file: Type.Optional(
      Type.String({ maxLength: REQUEST.filterCharacters, description: 'A part of the path; case does not matter.' }),
    ),
    toCheck: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1, description: '1: only those that have something to check.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: REQUEST.mostItems, default: 100 })),
    cursor: Type.Optional(Type.String({ pattern: CURSOR })),
  },
  { additionalProperties: false },
);

export const attentionQuery = Type.Object(
  {
    kind: Type.Optional(
      Type.String({
        enum: ['failed', 'to-check', 'waiting'],
        description:
          'failed: or quarantined; to-check: done, with something to check, or left alone (cancelled), as its error says; waiting: queued, saying for what. The first two unless told.',
      }),
    ),
    dataset: runsQuery.properties.dataset,
    limit: runsQuery.properties.limit,
    cursor: runsQuery.properties.cursor,
  },
  { additionalProperties: false },
);

export const acknowledgedSchema = Type.Object({
  dataset: Type.String(),
  acknowledged: Type.Integer({ description: 'Runs that are no longer told.' }),
});

const STATES = `(${RUN_STATES.join('|')})`;
/** For the document: the handler says more of what is wrong than a pattern could. */
export const documentedRunsQuery = Type.Object({
  ...runsQuery.properties,
  state: Type.Optional(Type.String({ ...runsQuery.properties.state, pattern: `^${STATES}(,${STATES}){0,20}$` })),
});

/** Of mended rows. */
export const documentedUpload = {
  content: Object.fromEntries(
    ['text/csv', 'application/x-ndjson'].map(type => [type, { schema: Type.String({ minLength: 1 }) }]),
  ),
};

export const runParams = Type.Object({ id: Type.String({ maxLength: REQUEST.nameCharacters }) });
export const datasetParams = Type.Object({ name: Type.String({ maxLength: REQUEST.nameCharacters }) });

export const logQuery = Type.Object(
  {
    attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: REQUEST.mostAttempt, description: 'Only this one.' })),
    follow: Type.Optional(Type.Integer({ minimum: 0, maximum: 1, description: '1: stay until the run ends.' })),
  },
  { additionalProperties: false },
);

export const rejectsQuery = Type.Object(
  {
    format: Type.Optional(Type.String({ enum: ['ndjson', 'csv', 'json'], default: 'ndjson' })),
    attempt: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: REQUEST.mostAttempt,
        description: 'ndjson only. The last one that has rejects unless told.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: REQUEST.mostItems, default: 50, description: 'json only.' }),
    ),
    cursor: Type.Optional(Type.String({ pattern: CURSOR, description: 'json only.' })),
  },
  { additionalProperties: false },
);

export const rejectsPageSchema = Type.Object({
  items: Type.Array(
    Type.Object({
      row: Type.Integer(),
      line: count,
      reason: Type.String(),
      raw: Type.String(),
      raw_cut: Type.Optional(Type.Literal(true)),
    }),
  ),
  total: Type.Integer({ description: 'Rows that are rejected, and not mended since.' }),
  nextCursor: nullable(Type.String()),
});

export const lakeQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: REQUEST.mostItems, default: 50 })) },
  { additionalProperties: false },
);

export const actorSchema = Type.Object({
  kind: Type.String({ enum: ['token', 'session', 'anonymous'] }),
  name: Type.String(),
  until: time('When the session ends.'),
});

export const signInLinkSchema = Type.Object({
  url: Type.String({ description: 'To be opened in a browser.' }),
  until: Type.String({ format: 'date-time', description: 'It is good once, until then.' }),
});

export const signInBody = Type.Object(
  { code: Type.String({ maxLength: 100, description: 'What stands behind the # of the link.' }) },
  { additionalProperties: false },
);

export const nothingSchema = Type.Null();

/** What is sent as it comes, unchanged. */
export function streamSchema(types: string | readonly string[], description: string) {
  const contents = [types].flat().map(type => [type, { schema: { type: 'string' } }]);
  return { description, content: Object.fromEntries(contents) as Record<string, { schema: object }> };
}

export const problemSchema = Type.Object({ error: Type.String() });

const configErrorSchema = Type.Object({
  dataset: nullable(Type.String()),
  file: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  message: Type.String(),
});

const watcherSchema = Type.Object({
  mode: nullable(Type.String()),
  files: Type.Integer(),
  settling: Type.Integer(),
  lastListingAt: time('End of the last listing.'),
  notice: nullable(Type.String({ description: 'What is never taken, such as links that are not followed, and why.' })),
  error: nullable(Type.String()),
});

export const datasetsSchema = Type.Object({
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      watchDir: nullable(Type.String({ description: 'null: not configured now, known from its runs.' })),
      target: nullable(Type.String({ description: 'Where its rows go: elasticsearch or lake.' })),
      dashboardUrl: nullable(Type.String({ description: 'Its dashboard in Kibana, or null where there is none.' })),
      runner: nullable(Type.String({ description: `What a file would be run by now: ${RUNNER_KINDS.join(' or ')}.` })),
      runnerReason: nullable(Type.String()),
      problem: nullable(Type.String({ description: 'What keeps its runs from working.' })),
      waitsFor: nullable(Type.String({ description: 'What its queued runs wait for.' })),
      counts: Type.Record(Type.String(), Type.Integer()),
      rowsLoaded: Type.Integer({ description: 'By all runs together, each time a file was loaded.' }),
      rowsRejected: Type.Integer({ description: 'By all runs together.' }),
      rowsMended: Type.Integer({ description: 'Of the rejected ones, those that mends loaded since.' }),
      rowsFiltered: Type.Integer({ description: 'Taken out by steps.' }),
      runsToCheck: Type.Integer({
        description:
          'Runs that are done and have something to check, or whose file was left alone, of those that /api/attention lists.',
      }),
      rowsThere: Type.Integer({
        description: 'Rows of its files that the target holds now, as far as their runs say.',
      }),
      rowsToMend: Type.Integer({ description: 'Of those files, rows that were rejected and not mended since.' }),
      runsFailed: Type.Integer({ description: 'Failed and quarantined runs that /api/attention lists.' }),
      valuesLeftOut: Type.Integer({
        description: 'Values that are in documents and not in their fields, of all runs.',
      }),
      loadsNotice: nullable(
        Type.String({ description: 'Of rows that were loaded by former settings: where they are, and what to do.' }),
      ),
      lastEndedAt: time('When its last run ended.'),
      paused: Type.Boolean(),
      configError: nullable(Type.String({ description: 'file:line:column: message.' })),
      watcher: nullable(watcherSchema),
    }),
  ),
});

export const pausedSchema = Type.Object({ dataset: Type.String(), paused: Type.Boolean() });

const partSchema = Type.Object({
  status: Type.String({ enum: ['ok', 'degraded', 'failing', 'unused'] }),
  message: nullable(Type.String()),
});

/** What everybody is told. */
export const upSchema = Type.Object({ status: Type.String({ enum: ['ok', 'failing'] }) });

const runnerParts = Object.fromEntries(RUNNER_PARTS.map(part => [part, partSchema])) as Record<
  RunnerPart,
  typeof partSchema
>;

export const healthSchema = Type.Object({
  status: Type.String({ enum: ['ok', 'degraded', 'failing'] }),
  parts: Type.Object({
    journal: partSchema,
    ...runnerParts,
    elasticsearch: partSchema,
    kibana: partSchema,
    config: partSchema,
    schedule: Type.Object({ ...partSchema.properties, running: Type.Integer(), recovering: Type.Integer() }),
    disposal: partSchema,
    disk: Type.Object({ ...partSchema.properties, freeBytes: count, floorBytes: Type.Integer() }),
    watchers: Type.Array(
      Type.Object({ ...partSchema.properties, dataset: Type.String(), mode: nullable(Type.String()) }),
    ),
  }),
  configErrors: Type.Array(configErrorSchema),
  configWarnings: Type.Array(configErrorSchema),
  disposals: Type.Array(
    Type.Object({
      runId: Type.String(),
      dataset: Type.String(),
      file: Type.String(),
      kind: Type.String({ enum: ['backup', 'remove', 'quarantine'] }),
      error: Type.String(),
    }),
    { description: 'Files that could not be moved or removed; they are tried again.' },
  ),
});

export const lakeSchema = Type.Object({
  columns: Type.Array(Type.String()),
  rows: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  total: Type.Integer({ description: 'Rows in the lake, of which `rows` are the first.' }),
});
