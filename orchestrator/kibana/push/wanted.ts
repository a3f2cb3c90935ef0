import type { Dataset } from '../../config/dataset.ts';
import { type GatherContext, gatherDashboard } from '../gather-dashboard.ts';
import { savedObjects } from '../objects/saved-objects.ts';
import { operationsDashboard } from '../operations/operations-dashboard.ts';
import type { ShownDataset } from '../links/links.ts';
import { dataViewId } from '../objects/data-view.ts';
import { dashboardId } from '../objects/dashboard-object.ts';
import type { Dashboard } from '../dashboard.ts';
import type { WantedDashboard } from './push.ts';

/** What is to be pushed of a dataset, or why nothing is. */
export type WantedOfDataset =
  | { dataset: string; wanted: WantedDashboard; shown: ShownDataset; toCheck: string[] }
  /** `why`: after the dataset's name. `isUnwanted`: what was pushed of it is to go. `isAway`: it may be otherwise soon. */
  | { dataset: string; wanted: null; why: string; isUnwanted: boolean; isAway: boolean };

/** The key of a dataset's dashboard, and of what it alone stands on. */
export function keyOfDataset(dataset: string): string {
  return `${OF_DATASET}${dataset}`;
}

/** The dataset of a dashboard's key; null: it is none of a dataset. */
export function datasetOfKey(key: string): string | null {
  return key.startsWith(OF_DATASET) ? key.slice(OF_DATASET.length) : null;
}

const OF_DATASET = 'dataset/';

export async function wantedOfDataset(dataset: Dataset, context: GatherContext): Promise<WantedOfDataset> {
  const { name, settings } = dataset;
  const found = await gatherDashboard(dataset, context);
  if (found.dashboard === null) {
    const isUnwanted = settings.LOAD.dashboard === false || settings.LOAD.target !== 'elasticsearch';
    return { dataset: name, wanted: null, why: found.why, isUnwanted, isAway: found.isAway };
  }
  const { dashboard, toCheck, isComplete, isMeasured } = found;
  if (!isComplete) {
    const why = 'could not be looked at in full in Elasticsearch';
    return { dataset: name, wanted: null, why, isUnwanted: false, isAway: true };
  }
  return {
    dataset: name,
    wanted: { key: dashboard.key, objects: savedObjects(dashboard), isMeasured },
    shown: shownOf(dashboard),
    toCheck,
  };
}

/** The operator's dashboard. */
export function wantedOfOperations(pageUrl: string | null): WantedDashboard {
  const dashboard = operationsDashboard({ pageUrl });
  return { key: dashboard.key, objects: savedObjects(dashboard) };
}

/** With our ids, which are those in Kibana where no other space has them. */
function shownOf(dashboard: Dashboard): ShownDataset {
  const [view] = dashboard.views;
  return {
    dashboard: dashboardId(dashboard),
    view: view === undefined ? '' : dataViewId(view),
    timeField: view?.timeField ?? null,
    timeRange: dashboard.timeRange,
  };
}
