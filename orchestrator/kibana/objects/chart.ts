import type { Dashboard, Panel } from '../dashboard.ts';
import { type Layer, lensPanel } from './lens.ts';
import { addsUp } from './metric-column.ts';
import type { PanelParts } from './panel-parts.ts';

type Chart = Panel & { kind: 'chart' };

/** Bars, lines or areas (`lnsXY`). */
export function chartPanel(dashboard: Dashboard, panel: Chart): PanelParts {
  const split = splitOf(panel);
  const content = { groupings: split.groupings, metrics: panel.metrics };
  return lensPanel(dashboard, panel, content, { type: 'lnsXY', state: layer => stateOf(panel, layer, split) });
}

interface Split {
  groupings: readonly Chart['groups'][];
  /** Places in `groupings`. */
  x: number;
  series: number | null;
}

/**
 * Over time and over numbers, the series are those of the whole chart, so they are the outer groups; of values, each
 * has its own.
 */
function splitOf({ groups, series }: Chart): Split {
  if (series === undefined) return { groupings: [groups], x: 0, series: null };
  if (groups.by === 'values') return { groupings: [groups, series], x: 0, series: 1 };
  return { groupings: [series, groups], x: 1, series: 0 };
}

function stateOf(panel: Chart, layer: Layer, split: Split): Record<string, unknown> {
  const seriesType = seriesTypeOf(panel);
  const everywhere = { x: true, yLeft: true, yRight: true };
  return {
    preferredSeriesType: seriesType,
    legend: { isVisible: true, position: 'right' },
    valueLabels: 'hide',
    fittingFunction: panel.shape === 'line' ? 'Linear' : 'None',
    axisTitlesVisibilitySettings: { ...everywhere, x: panel.groups.by !== 'time' },
    tickLabelsVisibilitySettings: everywhere,
    labelsOrientation: { x: 0, yLeft: 0, yRight: 0 },
    gridlinesVisibilitySettings: everywhere,
    layers: [
      {
        layerId: layer.id,
        layerType: 'data',
        seriesType,
        xAccessor: layer.groupings[split.x],
        accessors: layer.metrics,
        ...(split.series === null ? {} : { splitAccessor: layer.groupings[split.series] }),
        position: 'top',
        showGridlines: false,
      },
    ],
  };
}

/** Stacked only where the parts add up: averages on top of each other would show what isn't there. */
function seriesTypeOf({ shape, series, metrics }: Chart): string {
  const type = shape === 'bar-horizontal' ? 'bar_horizontal' : shape;
  return shape !== 'line' && series !== undefined && metrics.every(addsUp) ? `${type}_stacked` : type;
}
