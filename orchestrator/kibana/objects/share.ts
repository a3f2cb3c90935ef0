import type { Dashboard, Panel } from '../dashboard.ts';
import { lensPanel } from './lens.ts';
import type { PanelParts } from './panel-parts.ts';

/** Parts of a whole, as a ring (`lnsPie`). */
export function sharePanel(dashboard: Dashboard, panel: Panel & { kind: 'share' }): PanelParts {
  const content = { groupings: [panel.groups], metrics: [panel.metric] };
  return lensPanel(dashboard, panel, content, {
    type: 'lnsPie',
    state: layer => ({
      shape: 'donut',
      layers: [
        {
          layerId: layer.id,
          layerType: 'data',
          primaryGroups: layer.groupings,
          metrics: layer.metrics,
          numberDisplay: 'percent',
          categoryDisplay: 'default',
          legendDisplay: 'default',
          nestedLegend: false,
        },
      ],
    }),
  });
}
