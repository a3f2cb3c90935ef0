import type { Dashboard, Panel } from '../dashboard.ts';
import { dataViewId } from './data-view.ts';
import { panelId, type PanelParts } from './panel-parts.ts';
import { viewOf } from './views.ts';

type MapPanel = Panel & { kind: 'map' };

/**
 * Points on a map, by value: documents, and clusters of them where there are more than 10,000. Below them lies the base
 * map of Elastic Maps Service, which the browser fetches. Without the internet that layer alone says that it failed;
 * the points are drawn on an empty ground.
 *
 * @see https://github.com/elastic/kibana/tree/main/x-pack/platform/plugins/shared/maps/server/content_management/schema/v1
 */
export function mapPanel(dashboard: Dashboard, panel: MapPanel): PanelParts {
  const layers = [baseLayer(dashboard, panel), pointsLayer(dashboard, panel)];
  const attributes = {
    title: '',
    description: '',
    mapStateJSON: JSON.stringify({
      zoom: 1,
      center: { lon: 0, lat: 0 },
      settings: { autoFitToDataBounds: true, initialLocation: 'AUTO_FIT_TO_BOUNDS' },
    }),
    layerListJSON: JSON.stringify(layers),
    uiStateJSON: JSON.stringify({ isLayerTOCOpen: false, openTOCDetails: [] }),
  };
  return {
    type: 'map',
    config: { attributes, isLayerTOCOpen: false, openTOCDetails: [], hiddenLayers: [] },
    references: [{ type: 'index-pattern', id: dataViewId(viewOf(dashboard, panel.view)), name: POINTS_REFERENCE }],
    objects: [],
  };
}

/** Prescribed: the layer's place in the list. */
const POINTS_REFERENCE = 'layer_1_source_index_pattern';

function baseLayer(dashboard: Dashboard, panel: MapPanel): Record<string, unknown> {
  return {
    id: panelId(dashboard, panel, 'base map'),
    type: 'EMS_VECTOR_TILE',
    label: '',
    visible: true,
    alpha: 1,
    minZoom: 0,
    maxZoom: 24,
    includeInFitToBounds: true,
    locale: 'autoselect',
    sourceDescriptor: { type: 'EMS_TMS', isAutoSelect: true },
    style: { type: 'EMS_VECTOR_TILE', color: '' },
  };
}

function pointsLayer(dashboard: Dashboard, panel: MapPanel): Record<string, unknown> {
  return {
    id: panelId(dashboard, panel, 'points'),
    type: 'BLENDED_VECTOR',
    label: panel.title,
    visible: true,
    alpha: 0.75,
    minZoom: 0,
    maxZoom: 24,
    includeInFitToBounds: true,
    query: { query: panel.filter ?? '', language: 'kuery' },
    joins: [],
    sourceDescriptor: {
      id: panelId(dashboard, panel, 'source'),
      type: 'ES_SEARCH',
      indexPatternRefName: POINTS_REFERENCE,
      geoField: panel.field,
      filterByMapBounds: true,
      tooltipProperties: panel.told,
      sortField: '',
      sortOrder: 'desc',
      scalingType: 'CLUSTERS',
      topHitsSplitField: '',
      topHitsSize: 1,
      applyGlobalQuery: true,
      applyGlobalTime: true,
      applyForceRefresh: true,
    },
    style: { type: 'VECTOR', isTimeAware: true, properties: POINTS_STYLE },
  };
}

const POINTS_STYLE = {
  symbolizeAs: { options: { value: 'circle' } },
  fillColor: { type: 'STATIC', options: { color: '#61A2FF' } },
  lineColor: { type: 'STATIC', options: { color: '#FFFFFF' } },
  lineWidth: { type: 'STATIC', options: { size: 1 } },
  iconSize: { type: 'STATIC', options: { size: 6 } },
};
