import type { OptionSchema } from '../../transform/option-schema.ts';

/** The options of LOAD that are Elasticsearch's alone. */
export interface ElasticsearchOptions {
  index?: string;
  id?: string[];
  date_suffix?: string;
  aliases?: string[];
  overwrite?: boolean;
  /** Of the columns, by their final names. */
  mappings?: Record<string, unknown>;
  /** Requests go packed with gzip. */
  compress?: boolean;
}

export const ELASTICSEARCH_OPTIONS: Readonly<Record<keyof ElasticsearchOptions, OptionSchema>> = {
  index: {
    type: 'string',
    minLength: 1,
    description: 'Index (with `overwrite` the alias) the rows go to.',
    'x-type': 'the name of an index, lower case',
    'x-default': 'the dataset’s name',
  },
  id: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    minItems: 1,
    'x-type': 'a list of column names, at least one',
    description:
      'Columns whose values identify a row, by their final name: of rows with equal values the later file, then the later row, wins, across all files. Nothing is taken back when a file changes or goes.',
    'x-default': 'the file and the row’s number',
  },
  date_suffix: {
    type: 'string',
    'x-type': 'text in strftime form such as _%Y_%m',
    description: 'Appended to the index’s name: the time the file was first seen, in UTC, in strftime form.',
    'x-default': 'none',
  },
  aliases: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    'x-type': 'a list of names, lower case',
    description:
      'Further names of the index, such as one for all months of `date_suffix`. With `overwrite` they move to the new index together with its own.',
    'x-default': 'none',
  },
  overwrite: {
    type: 'boolean',
    default: false,
    description: 'Each file replaces the whole index: a new one is built beside it and takes its place at once.',
  },
  mappings: {
    type: 'object',
    patternProperties: { '^.*$': {} },
    'x-type': 'a map, as Elasticsearch’s mappings',
    description:
      'Mappings for indices that are created, of the columns by their names: `DATE: {type: date}`, or `properties: {DATE: {type: date}}` as Elasticsearch has them.',
    'x-default': 'what `types` says',
  },
  compress: {
    type: 'boolean',
    default: false,
    description:
      'Send the rows to Elasticsearch packed with gzip: for a network slower than about 200 Mbit/s; it doubles the CPU time of a load.',
  },
};
