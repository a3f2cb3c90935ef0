import type { Dashboard, Grouping, Metric, Panel } from '../dashboard.ts';
import type { Column } from './column.ts';
import { dataViewId } from './data-view.ts';
import { groupingColumn } from './grouping-column.ts';
import { metricColumn } from './metric-column.ts';
import { panelId, type PanelParts } from './panel-parts.ts';
import { viewOf } from './views.ts';

/** Ids of a layer and of its columns, by the places of what they stand for. */
export interface Layer {
  id: string;
  groupings: string[];
  metrics: string[];
}

/** What Lens shows: groupings from the outermost to the innermost, and metrics of each group. */
export interface LensContent {
  groupings: readonly Grouping[];
  metrics: readonly Metric[];
}

/** One of Lens's kinds of charts (`lnsXY`), and how it shows the columns of a layer. */
export interface Visualization {
  type: string;
  state(layer: Layer): Record<string, unknown>;
}

/**
 * A Lens panel by value, with one layer.
 *
 * @see https://github.com/elastic/kibana/blob/main/src/platform/packages/shared/kbn-lens-common/embeddable/types.ts
 */
export function lensPanel(
  dashboard: Dashboard,
  panel: Panel,
  content: LensContent,
  visualization: Visualization,
): PanelParts {
  const view = viewOf(dashboard, panel.view);
  const layer = layerOf(dashboard, panel, content);
  const reference = {
    type: 'index-pattern' as const,
    id: dataViewId(view),
    name: `indexpattern-datasource-layer-${layer.id}`,
  };
  const columns = columnsOf(content, layer, view.types);
  const ignoreGlobalFilters = panel.ignoresFilters ?? false;
  const attributes = {
    title: '',
    type: 'lens',
    visualizationType: visualization.type,
    references: [reference],
    state: {
      visualization: visualization.state(layer),
      query: { query: panel.filter ?? '', language: 'kuery' },
      filters: [],
      datasourceStates: datasourceStates(layer, columns, ignoreGlobalFilters),
      internalReferences: [],
      adHocDataViews: {},
    },
  };
  return {
    type: 'lens',
    config: { syncColors: false, syncCursor: true, syncTooltips: false, attributes },
    references: [reference],
    objects: [],
  };
}

function layerOf(dashboard: Dashboard, panel: Panel, { groupings, metrics }: LensContent): Layer {
  return {
    id: panelId(dashboard, panel, 'layer'),
    groupings: groupings.map((_, index) => panelId(dashboard, panel, 'groups', String(index))),
    metrics: metrics.map((_, index) => panelId(dashboard, panel, 'metric', String(index))),
  };
}

function columnsOf(
  { groupings, metrics }: LensContent,
  layer: Layer,
  types: Parameters<typeof metricColumn>[1],
): Record<string, Column> {
  const withIds = metrics.map((metric, index) => ({ id: layer.metrics[index]!, metric }));
  return Object.fromEntries([
    ...groupings.map((grouping, index) => [layer.groupings[index]!, groupingColumn(grouping, types, withIds)]),
    ...withIds.map(({ id, metric }) => [id, metricColumn(metric, types)]),
  ]);
}

function datasourceStates(
  layer: Layer,
  columns: Record<string, Column>,
  ignoreGlobalFilters: boolean,
): Record<string, unknown> {
  const content = {
    columns,
    columnOrder: [...layer.groupings, ...layer.metrics],
    incompleteColumns: {},
    sampling: 1,
    ignoreGlobalFilters,
  };
  return { formBased: { layers: { [layer.id]: content } }, indexpattern: { layers: {} }, textBased: { layers: {} } };
}
