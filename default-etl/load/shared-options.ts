import type { OptionSchema } from '../transform/option-schema.ts';

/** What every target takes. */
export interface SharedOptions {
  /** `inferred` where left out. */
  types?: 'inferred' | 'text';
  source_columns?: boolean;
  max_rejects?: number | string;
}

export const SHARED_OPTIONS: Readonly<Record<keyof SharedOptions, OptionSchema>> = {
  types: {
    enum: ['inferred', 'text'],
    default: 'inferred',
    description:
      'What columns without a declared mapping are: `inferred` from the file (numbers, dates, true and false, positions, keywords, long text; a value that does not fit stays in the document, no row is rejected for it), or all `text` with a keyword sub-field. The documents are the same.',
  },
  source_columns: {
    type: 'boolean',
    default: false,
    description: 'Add the columns SOURCE_FILE, SOURCE_RUN and SOURCE_ROW to each document.',
  },
  max_rejects: {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?%$' },
    ],
    'x-type': 'how many rows, 0 or more, or a share such as 5%',
    description: 'With more rejected rows than this the file is taken back and quarantined.',
    'x-default': 'any number, as long as one row is loaded',
  },
};
