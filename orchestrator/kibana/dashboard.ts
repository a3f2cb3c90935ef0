/** A dashboard as we mean it, before it is written as Kibana's saved objects (objects/). */
export interface Dashboard {
  /** Ids are made of it: what keeps it keeps its ids. A dataset's is `dataset/<name>`. */
  key: string;
  title: string;
  description: string;
  /**
   * What it shows when it is opened: absolute for data that is old, relative (`now-24h`) for what goes on; null: what
   * the person looked at before.
   */
  timeRange: TimeRange | null;
  /** It is read anew so often while it is open; where left out, when a person asks. */
  refreshSeconds?: number;
  /** At least one. The first one is that of panels and controls which name none. */
  views: DataView[];
  controls: Control[];
  panels: Panel[];
}

/** ISO 8601 in UTC, or Elasticsearch's date math. */
export interface TimeRange {
  from: string;
  to: string;
}

/** What Kibana calls a data view. */
export interface DataView {
  /** Ids are made of it. */
  key: string;
  /** Index, alias or data stream, or a pattern of them. */
  pattern: string;
  /** For people. */
  name: string;
  timeField: string | null;
  /**
   * Elasticsearch's types (`long`, `date`, `boolean`) of the fields that panels and controls name. One that isn't here
   * counts as a keyword.
   */
  types: Readonly<Record<string, string>>;
  formats: Readonly<Record<string, FieldFormat>>;
}

/** How Kibana writes the values of a field. */
export type FieldFormat =
  /** A pattern of Numeral, such as `0,0.00`; its signs are those of Kibana's own language (objects/README.md). */
  | { as: 'number'; pattern: string }
  /** A pattern of Moment, such as `DD/MM/YYYY`, in the time zone of who looks (objects/README.md). */
  | { as: 'date'; pattern: string }
  | { as: 'bytes' }
  /** Of a number: in which unit it is. */
  | { as: 'duration'; unit: 'milliseconds' | 'seconds' }
  /** `{{value}}` stands for the value, which Kibana escapes; all else is said as `urlPart` of escape.ts does. */
  | { as: 'url'; template: string; label: string };

/** A list of values to choose from, or a slider between two. */
export interface Control {
  /** `range` is for numbers alone: Kibana has no slider of dates but that of the time range. */
  kind: 'values' | 'range';
  field: string;
  title: string;
  /** Key of a data view. */
  view?: string;
}

/** A figure of documents. */
export type Metric = {
  label: string;
  /** That of the field where left out. Of the kinds of FieldFormat, a metric takes `number`, `bytes` and `duration`. */
  format?: FieldFormat;
  /** KQL */
  filter?: string;
} & (
  | { of: 'count' }
  | { of: 'sum' | 'average' | 'min' | 'max' | 'median' | 'unique_count'; field: string }
  | { of: 'percentile'; field: string /** More than 0, less than 100. */; percent: number }
  | { of: 'last_value'; field: string /** A date: the document with the highest is the last. */; sortField: string }
);

/** How documents are grouped. */
export type Grouping = { label: string } & (
  | { by: 'time'; field: string; interval: 'auto' | '1m' | '1h' | '1d' | '1w' | '1M' | '1y' }
  | {
      by: 'values';
      field: string;
      /** The most groups: 1 to 1,000. */
      size: number;
      /** All further values as one group. */
      others: boolean;
      /** Position of a metric, the highest first; or the values' own order. */
      order: number | 'value';
    }
  | {
      by: 'number';
      field: string;
      /** Where groups begin and end, ascending, at least two. Where left out, Kibana makes groups of equal width. */
      edges?: number[];
    }
);

/** On a grid of 48 columns. */
export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

export type Panel = {
  /** Within its dashboard. Ids are made of it. */
  key: string;
  title: string;
  place: Place;
  /** Key of a data view. */
  view?: string;
  /** Its own, where the dashboard's doesn't fit, as for what runs say of old data. */
  timeRange?: TimeRange;
  /** KQL. */
  filter?: string;
  /** What a person filters by leaves it as it is: its view has none of the fields that the controls filter by. */
  ignoresFilters?: true;
} & (
  | { kind: 'text'; markdown: string }
  | { kind: 'figure'; metric: Metric }
  | {
      kind: 'chart';
      shape: 'bar' | 'bar-horizontal' | 'line' | 'area';
      groups: Grouping;
      /** One series for each of its groups. */
      series?: Grouping;
      metrics: Metric[];
    }
  | { kind: 'share'; groups: Grouping; metric: Metric }
  | { kind: 'table'; rows: Grouping[]; metrics: Metric[] }
  | { kind: 'map' /** A geo_point. */; field: string /** Fields that are told of a point. */; told: string[] }
  | { kind: 'documents'; columns: string[]; sort: { field: string; order: 'asc' | 'desc' } | null }
);
