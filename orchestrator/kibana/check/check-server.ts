import { messageOf } from '../../errors.ts';
import { checkFigures } from './figures/check-figures.ts';
import type { PanelFigures } from './figures/panel-figures.ts';
import type { Dashboard, DataView, Panel, Reading } from './reading.ts';
import { checkDashboardFields, checkViewFields, type MappedView } from './server/check-fields.ts';
import { kindOf, mappedFields } from './server/mapping.ts';
import type { Server } from './server/server.ts';

/** What a dashboard shows on a server. */
export interface Shown {
  dashboard: Dashboard;
  views: ReadonlyMap<string, MappedView>;
  panels: Map<Panel, PanelFigures>;
}

/**
 * Checks what the file says against the indices that it is of: fields and their types, and each panel's figures. What
 * is wrong is told where the reading was made; `now` (milliseconds since 1970) is for relative time ranges.
 */
export async function checkAgainstServer(reading: Reading, server: Server, now = Date.now()): Promise<Shown[]> {
  const views = new Map<string, MappedView>();
  for (const view of reading.dataViews.values()) {
    const mapped = await mapView(view, server);
    if (mapped === null) continue;
    checkViewFields(mapped);
    views.set(view.id, mapped);
  }
  const shown: Shown[] = [];
  for (const dashboard of reading.dashboards) {
    checkDashboardFields(dashboard, views);
    shown.push({ dashboard, views, panels: await checkFigures({ server, views, dashboard, now }) });
  }
  return shown;
}

async function mapView(view: DataView, server: Server): Promise<MappedView | null> {
  try {
    const caps = await server.fieldCaps(view.pattern);
    if (caps.indices.length > 0) return { view, fields: withRuntimeFields(view, mappedFields(caps)) };
    view.report.mistake(`No index is called ${view.pattern}.`, 'Load rows first, or correct the pattern.');
  } catch (error) {
    view.report.mistake(`The fields of ${view.pattern} can't be had: ${messageOf(error)}.`, 'Allow it to be read.');
  }
  return null;
}

function withRuntimeFields({ runtimeFields }: DataView, fields: MappedView['fields']): MappedView['fields'] {
  for (const [name, type] of runtimeFields) fields.set(name, { kind: kindOf(type), types: [type], aggregatable: true });
  return fields;
}
