/** What is known of the rows of a dataset, for whoever draws them. */
export interface DatasetFacts {
  dataset: string;
  /** Index, alias or pattern that has the rows, and those of other datasets that are loaded into the same index. */
  pattern: string;
  /** Null where the server did not say. */
  rows: number | null;
  language: Language;
  /** In the order of the file's columns, those that no row shows last. */
  fields: FieldFacts[];
  /** Fields that are there, and can't be shown. */
  leftOut: LeftOut[];
  /** What could not be found out, and why. Sentences. */
  notes: string[];
  /** False where the server was away while it was asked: it may tell more in a while. */
  isComplete: boolean;
}

export interface LeftOut {
  name: string;
  reason: string;
}

/** Of the file; null where nothing speaks for one of them. */
export interface Language {
  code: 'fr' | 'en' | null;
  reason: string;
}

/** What is done with a field: not how Elasticsearch keeps it. */
export type FieldKind = 'number' | 'date' | 'keyword' | 'boolean' | 'text' | 'geo_point' | 'ip';

export interface FieldFacts {
  name: string;
  kind: FieldKind;
  /** Elasticsearch's type of the field itself. */
  type: string;
  /** The field that searches group by: itself, or a sub-field of a text; null where none can be grouped. */
  grouped: string | null;
  /** `date`: Elasticsearch's formats, the most frequent first. */
  formats: string[];
  /** Some of its values, as the documents have them. At most 100, none longer than 200 characters. */
  samples: string[];
  /** Null where they were not asked for, or the server did not say. */
  values: Values | null;
}

/** Figures of the values of a field. */
export interface Values {
  /** Documents that have one. */
  documents: number;
  /** Different values; above 1,000 an estimate, within about 6 %. Null where they can't be counted. */
  distinct: number | null;
  number?: NumberValues;
  date?: DateValues;
  /** The most frequent, with the number of their documents. At most 20. */
  top?: ReadonlyArray<{ value: string; documents: number }>;
}

export interface NumberValues {
  min: number;
  max: number;
  average: number;
  /** Values below 0. */
  negatives: number;
  /** All are whole: told by their sum and that of their squares, their ends and the samples. */
  isWhole: boolean;
}

/** In milliseconds since 1970-01-01 UTC. */
export interface DateValues {
  min: number;
  max: number;
  /** The middle 98 of 100 values. */
  middle: readonly [from: number, to: number];
  /** Days (in UTC) that have a value, without the few that are far off; null where they were not counted. */
  days: number | null;
  /** Whether values have a time of day. */
  hasTimes: boolean;
}
