import { documentId } from '../../../default-etl/contract/contract.ts';
import type { LoadSettings } from '../../config/load-schema.ts';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import type { Run } from '../../journal/journal.ts';
import { risonParameter, type Value } from './rison.ts';

/** What is in Kibana of a dataset. */
export interface ShownDataset {
  /** Id of its dashboard there. */
  dashboard: string;
  /** Id of its data view there. */
  view: string;
  timeField: string | null;
  /** As Kibana takes them; null: the dashboard does not say. */
  timeRange: { from: string; to: string } | null;
}

/** How the rows of a dataset were loaded, as far as they tell rows of a run. */
export interface RowsOfRun {
  /** LOAD.source_columns */
  hasSource: boolean;
  /** LOAD.id: ids say nothing of file and row. */
  hasOwnIds: boolean;
}

/** LOAD as it is now: rows that were loaded before an edit may be told otherwise. */
export function rowsOfLoad({
  source_columns: source,
  id = [],
}: Pick<LoadSettings, 'source_columns' | 'id'>): RowsOfRun {
  return { hasSource: source === true, hasOwnIds: id.length > 0 };
}

type Place = Pick<KibanaSettings, 'publicUrl' | 'space'>;

/** More ids make an address too long to be sent by mail. */
const MOST_IDS = 100;
/** Rows of a run may be of any time. */
const ANY_TIME = { from: 'now-200y', to: 'now+100y' };

/** The address of a dashboard (dashboard/server/dashboard_saved_object/dashboard_saved_object.ts, `getInAppUrl`). */
export function dashboardLink(place: Place, id: string): string {
  return `${appUrl(place)}/dashboards#/view/${encodeURIComponent(id)}`;
}

/**
 * The address of a run's rows in Discover: by its SOURCE_RUN where rows have that, by their ids where they are few, else
 * all rows of the dataset. Null where it loaded none, or its rows are gone. As Discover makes such addresses itself, from
 * 8.19 to 9.x (discover/common/app_locator_get_location.ts).
 */
export function rowsLink(place: Place, shown: ShownDataset, run: Run, rows: RowsOfRun): string | null {
  if (run.state !== 'done' || run.action === 'delete' || (run.rows?.loaded ?? 0) === 0) return null;
  const { query, filters, isOfRun } = choice(run, shown, rows);
  const time = isOfRun ? (shown.timeRange ?? ANY_TIME) : shown.timeRange;
  const global = time === null || shown.timeField === null ? {} : { time };
  const app: Value = {
    dataSource: { type: 'dataView', dataViewId: shown.view },
    filters,
    query: { language: 'kuery', query },
  };
  return `${appUrl(place)}/discover#/?_g=${risonParameter(global)}&_a=${risonParameter(app)}`;
}

function choice(
  run: Run,
  { view }: ShownDataset,
  { hasSource, hasOwnIds }: RowsOfRun,
): { query: string; filters: Value[]; isOfRun: boolean } {
  if (hasSource) return { query: `SOURCE_RUN : "${run.id}"`, filters: [], isOfRun: true };
  const read = run.rows?.read ?? 0;
  if (hasOwnIds || run.fileKey === null || read > MOST_IDS || run.action === 'mend')
    return { query: '', filters: [], isOfRun: false };
  const values = Array.from({ length: read }, (_, index) => documentId(run.fileKey as string, index + 1));
  const meta = {
    alias: run.file.slice(0, 200),
    disabled: false,
    index: view,
    key: 'query',
    negate: false,
    type: 'custom',
  };
  const filter: Value = { $state: { store: 'appState' }, meta, query: { ids: { values } } };
  return { query: '', filters: [filter], isOfRun: true };
}

function appUrl({ publicUrl, space }: Place): string {
  return `${publicUrl}${space === 'default' ? '' : `/s/${encodeURIComponent(space)}`}/app`;
}
