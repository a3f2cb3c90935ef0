import type { Dashboard, Panel } from '../dashboard.ts';
import { lensPanel } from './lens.ts';
import type { PanelParts } from './panel-parts.ts';

/** One number, large (`lnsMetric`). It shows the metric's label itself. */
export function figurePanel(dashboard: Dashboard, panel: Panel & { kind: 'figure' }): PanelParts {
  const parts = lensPanel(
    dashboard,
    panel,
    { groupings: [], metrics: [panel.metric] },
    {
      type: 'lnsMetric',
      state: layer => ({ layerId: layer.id, layerType: 'data', metricAccessor: layer.metrics[0] }),
    },
  );
  return { ...parts, hidesTitle: panel.title === panel.metric.label };
}
