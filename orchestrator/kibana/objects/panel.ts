import type { Dashboard, Panel } from '../dashboard.ts';
import { chartPanel } from './chart.ts';
import { documentsPanel } from './documents.ts';
import { figurePanel } from './figure.ts';
import { mapPanel } from './map.ts';
import { panelId, type PanelParts } from './panel-parts.ts';
import type { Reference, SavedObject } from './saved-object.ts';
import { sharePanel } from './share.ts';
import { tablePanel } from './table.ts';
import { textPanel } from './text.ts';

/** A panel as a dashboard holds it (`panelsJSON`), the dashboard's references for it, and the objects beside. */
export interface PlacedPanel {
  json: Record<string, unknown>;
  references: Reference[];
  objects: SavedObject[];
}

export function placedPanel(dashboard: Dashboard, panel: Panel): PlacedPanel {
  const parts = partsOf(dashboard, panel);
  const id = panelId(dashboard, panel);
  const json = {
    type: parts.type,
    panelIndex: id,
    gridData: { ...panel.place, i: id },
    ...(parts.panelRefName === undefined ? {} : { panelRefName: parts.panelRefName }),
    embeddableConfig: {
      title: panel.title,
      ...(parts.hidesTitle === true ? { hidePanelTitles: true } : {}),
      ...(panel.timeRange === undefined ? {} : { timeRange: panel.timeRange }),
      enhancements: {},
      ...parts.config,
    },
  };
  const references = parts.references.map(reference => ({ ...reference, name: `${id}:${reference.name}` }));
  return { json, references, objects: parts.objects };
}

function partsOf(dashboard: Dashboard, panel: Panel): PanelParts {
  switch (panel.kind) {
    case 'text':
      return textPanel(panel);
    case 'figure':
      return figurePanel(dashboard, panel);
    case 'chart':
      return chartPanel(dashboard, panel);
    case 'share':
      return sharePanel(dashboard, panel);
    case 'table':
      return tablePanel(dashboard, panel);
    case 'map':
      return mapPanel(dashboard, panel);
    case 'documents':
      return documentsPanel(dashboard, panel);
  }
}
