import type { Reporter } from './finding.ts';
import type { Fields } from './json.ts';
import type { Lens } from './lens/read-lens.ts';

/** What a file says, with references followed: the basis of what is asked of the server and of the picture. */
export interface Reading {
  /** By id. */
  dataViews: Map<string, DataView>;
  dashboards: Dashboard[];
}

export interface DataView {
  id: string;
  /** Of indices, aliases or data streams. */
  pattern: string;
  name: string;
  timeField: string | null;
  /** Id and params of a field's format, by field. */
  formats: Map<string, FieldFormat>;
  /** Elasticsearch's types of fields that are computed by a script, by name. */
  runtimeFields: Map<string, string>;
  report: Reporter;
}

export interface FieldFormat {
  id: string;
  params: Fields;
}

export interface TimeRange {
  from: string;
  to: string;
}

export interface Dashboard {
  id: string;
  title: string;
  description: string;
  timeRange: TimeRange | null;
  query: unknown;
  filters: unknown;
  panels: Panel[];
  controls: Control[];
  report: Reporter;
}

export interface Control {
  kind: 'values' | 'range';
  field: string;
  title: string;
  /** Id, where it is known. */
  dataView: string | null;
}

export interface Panel {
  index: string;
  title: string;
  isTitleHidden: boolean;
  /** In columns and rows of the grid. */
  place: { x: number; y: number; w: number; h: number };
  /** Its own, in place of the dashboard's. */
  timeRange: TimeRange | null;
  content: Content;
  report: Reporter;
}

export type Content =
  | { kind: 'lens'; lens: Lens /** Ids by layer. */; dataViews: Map<string, string> }
  | { kind: 'map'; layers: MapLayer[] }
  | Documents
  | { kind: 'text'; markdown: string }
  | { kind: 'other' };

export interface Documents {
  kind: 'documents';
  dataView: string | null;
  columns: string[];
  sort: Array<{ field: string; order: 'asc' | 'desc' }>;
  query: unknown;
  filters: unknown;
}

/** A layer of a map that draws documents. */
export interface MapLayer {
  label: string;
  dataView: string | null;
  geoField: string;
  /** True: figures of squares; false: the documents themselves. */
  grid: boolean;
  /** Fields that are told of a document. */
  told: string[];
  /** Fields by which it is drawn: colours, sizes, labels. */
  styledBy: string[];
  query: unknown;
}
