import { OrchestratorError } from '../../errors.ts';
import type { Dashboard } from '../dashboard.ts';
import { dashboardObjects } from './dashboard-object.ts';
import { dataViewObject } from './data-view.ts';
import type { ObjectType, SavedObject } from './saved-object.ts';
import { TAG } from './tag.ts';

/**
 * A dashboard and all that it stands on, in an order that stays: what others refer to is first. The same dashboard
 * always gives the same objects. Throws where two panels, or two data views, have one key.
 */
export function savedObjects(dashboard: Dashboard): SavedObject[] {
  refuseTwins(dashboard, 'panel', dashboard.panels);
  refuseTwins(dashboard, 'data view', dashboard.views);
  return inOrder([TAG, ...dashboard.views.map(dataViewObject), ...dashboardObjects(dashboard)]);
}

/** Each object once (the tag, and data views that dashboards share), dependencies first, then by id. */
export function inOrder(objects: readonly SavedObject[]): SavedObject[] {
  const byId = new Map(objects.map(object => [`${object.type} ${object.id}`, object]));
  return [...byId.values()].toSorted((a, b) => RANK[a.type] - RANK[b.type] || (a.id < b.id ? -1 : 1));
}

const RANK: Readonly<Record<ObjectType, number>> = { tag: 0, 'index-pattern': 1, search: 2, dashboard: 3 };

function refuseTwins(dashboard: Dashboard, what: string, parts: ReadonlyArray<{ key: string }>): void {
  const twin = parts.find(({ key }, index) => parts.findIndex(other => other.key === key) !== index);
  if (twin === undefined) return;
  throw new OrchestratorError('bug', `dashboard ${dashboard.key} has two of ${what} ${twin.key}`);
}
