import type { Dashboard } from '../dashboard.ts';
import { controlGroup } from './controls.ts';
import { idOf } from './ids.ts';
import { placedPanel } from './panel.ts';
import { savedObject, type SavedObject } from './saved-object.ts';
import { TAG_REFERENCE } from './tag.ts';

/** The id of the dashboard with this key. */
export function dashboardId(dashboard: Pick<Dashboard, 'key'>): string {
  return idOf('dashboard', dashboard.key);
}

/** The dashboard's own object, and those which its panels show. */
export function dashboardObjects(dashboard: Dashboard): SavedObject[] {
  const panels = dashboard.panels.map(panel => placedPanel(dashboard, panel));
  const controls = controlGroup(dashboard);
  const attributes = {
    title: dashboard.title,
    description: dashboard.description,
    panelsJSON: JSON.stringify(panels.map(({ json }) => json)),
    optionsJSON: JSON.stringify(OPTIONS),
    ...timeAttributes(dashboard),
    ...(dashboard.controls.length === 0 ? {} : { controlGroupInput: controls.input }),
    kibanaSavedObjectMeta: {
      searchSourceJSON: JSON.stringify({ query: { query: '', language: 'kuery' }, filter: [] }),
    },
  };
  const references = [...panels.flatMap(panel => panel.references), ...controls.references, TAG_REFERENCE];
  return [
    ...panels.flatMap(panel => panel.objects),
    savedObject('dashboard', dashboardId(dashboard), attributes, references),
  ];
}

const OPTIONS = { useMargins: true, syncColors: false, syncCursor: true, syncTooltips: false, hidePanelTitles: false };

function timeAttributes({ timeRange, refreshSeconds }: Dashboard): Record<string, unknown> {
  if (timeRange === null) return { timeRestore: false };
  return {
    timeRestore: true,
    timeFrom: timeRange.from,
    timeTo: timeRange.to,
    refreshInterval: { pause: refreshSeconds === undefined, value: (refreshSeconds ?? 60) * 1000 },
  };
}
