/** What the cells of a column are, named as Elasticsearch names its field types. */
export type TypeName = 'long' | 'double' | 'boolean' | 'date' | 'geo_point' | 'keyword' | 'text';

export interface ColumnType {
  type: TypeName;
  /** `date`: the formats that were seen, as Elasticsearch writes them, the most frequent first. */
  formats?: string[];
  /** `date`: what the values have besides the day. */
  time?: 'none' | 'local' | 'zoned';
  /** `date`: whether 01/02/2020 is the first of February. */
  dayFirst?: boolean;
  /** `boolean`: every value is `true` or `false` in lower case, as Elasticsearch reads them. */
  isPlain?: boolean;
  /**
   * `keyword`: all values are numbers, some with a decimal comma, blanks between thousands or around them, which
   * Elasticsearch takes for text.
   */
  isWrittenNumber?: boolean;
  /** From 0 (no value was seen) to 1. */
  confidence: number;
}

/** The types of a file's columns, by their final names. */
export type FileTypes = ReadonlyMap<string, ColumnType>;
