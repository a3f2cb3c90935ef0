import type { Dashboard } from '../dashboard.ts';
import { idOf } from './ids.ts';
import { savedObject, type SavedObject } from './saved-object.ts';
import { TAG_REFERENCE } from './tag.ts';

/** The id of the dashboard with this key. */
export function dashboardId(dashboard: Pick<Dashboard, 'key'>): string {
  return idOf('dashboard', dashboard.key);
}

export function dashboardObject(dashboard: Dashboard): SavedObject {
  const attributes = {
    title: dashboard.title,
    description: dashboard.description,
    panelsJSON: JSON.stringify([]),
    optionsJSON: JSON.stringify({
      useMargins: true,
      syncColors: false,
      syncCursor: true,
      syncTooltips: false,
      hidePanelTitles: false,
    }),
    ...timeAttributes(dashboard),
    kibanaSavedObjectMeta: {
      searchSourceJSON: JSON.stringify({ query: { query: '', language: 'kuery' }, filter: [] }),
    },
  };
  return savedObject('dashboard', dashboardId(dashboard), attributes, [TAG_REFERENCE]);
}

function timeAttributes({ timeRange, refreshSeconds }: Dashboard): Record<string, unknown> {
  if (timeRange === null) return { timeRestore: false };
  return {
    timeRestore: true,
    timeFrom: timeRange.from,
    timeTo: timeRange.to,
    refreshInterval: { pause: refreshSeconds === undefined, value: (refreshSeconds ?? 60) * 1000 },
  };
}
