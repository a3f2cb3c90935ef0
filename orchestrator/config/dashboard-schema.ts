import Type, { type Static } from 'typebox';

const columns = (options: { description: string; 'x-default': string }) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
      maxItems: 200,
      'x-type': 'a list of column names, at most 200',
      ...options,
    }),
  );

/** What a map of LOAD.dashboard may say. All columns are named as the documents name them, after TRANSFORM. */
export const dashboardKeys = Type.Object(
  {
    title: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Title of the dashboard.',
        'x-default': 'made from the dataset’s name',
      }),
    ),
    language: Type.Optional(
      Type.Enum(['en', 'fr'], {
        description:
          'Language of titles and labels. French also writes dates as dd/mm/yyyy. How thousands and decimals are written is a setting of Kibana (`format:number:defaultLocale`).',
        'x-default': 'that of the file: French where its columns, values, dates or decimal commas are, else English',
      }),
    ),
    time: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 500 }), Type.Literal(false)], {
        'x-type': 'the name of a date column, or false',
        description: 'The date that the time picker and the chart over time go by. `false`: rows have no time.',
        'x-default': 'the date that varies most and is neither a load time nor a date of birth',
      }),
    ),
    fields: columns({
      description: 'Only these columns are shown, in this order.',
      'x-default': 'those that tell most; the table of rows has them in the order of the file',
    }),
    hide: columns({ description: 'Columns that are not shown.', 'x-default': 'none' }),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 200 }), {
        'x-type': 'a map of column names to text',
        description: 'What titles and legends call a column: `MONTANT_HT: Montant hors taxes`.',
        'x-default': 'made from the column’s name',
      }),
    ),
    sums: columns({
      description: 'Columns of numbers that add up: their sum is shown.',
      'x-default': 'told by name and values: an amount or a quantity adds up, a code, a year or a rate does not',
    }),
    averages: columns({
      description: 'Columns of numbers of which the average is shown.',
      'x-default': 'told by name and values: rates, temperatures, prices and other measures',
    }),
    filters: columns({
      description: 'Columns that have a control above the panels to filter by.',
      'x-default': 'up to four columns that have few different values',
    }),
  },
  { additionalProperties: false },
);

export type DashboardSettings = Static<typeof dashboardKeys>;

/** LOAD.dashboard. */
export const dashboardSchema = {
  anyOf: [{ type: 'boolean' }, dashboardKeys],
  'x-type': 'true, false, or a map of keys and values',
  description:
    'The dataset’s dashboard in Kibana, made from its rows. `false` makes none. Columns that the rows do not have are told by `orchestrator kibana check`.',
  'x-default': 'true',
};
