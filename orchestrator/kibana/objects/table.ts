import type { Dashboard, Panel } from '../dashboard.ts';
import { lensPanel } from './lens.ts';
import type { PanelParts } from './panel-parts.ts';

/** Groups and their metrics, row by row (`lnsDatatable`), in the order of the groups. */
export function tablePanel(dashboard: Dashboard, panel: Panel & { kind: 'table' }): PanelParts {
  return lensPanel(
    dashboard,
    panel,
    { groupings: panel.rows, metrics: panel.metrics },
    {
      type: 'lnsDatatable',
      state: layer => ({
        layerId: layer.id,
        layerType: 'data',
        columns: [...layer.groupings, ...layer.metrics].map(columnId => ({ columnId, isTransposed: false })),
        paging: { enabled: true, size: 10 },
      }),
    },
  );
}
