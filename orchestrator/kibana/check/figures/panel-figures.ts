import { fieldsOf, listOf, numberOf, type Fields } from '../json.ts';
import type { Query } from '../kql/query.ts';
import type { Dashboard, Documents, MapLayer, Panel } from '../reading.ts';
import type { MappedView, MappedViews } from '../server/check-fields.ts';
import { totalOf, type Server } from '../server/server.ts';
import { allOf, filterQueries, queryOf, spanOf, timeFilter, type Span } from './context.ts';
import { layerFigures, type LayerFigures } from './layer-figures.ts';

/** What a panel shows on this server. */
export type PanelFigures =
  | { kind: 'layers'; layers: LayerFigures[] /** Why others of its layers are not computed here. */; not: string[] }
  | { kind: 'documents'; view: MappedView; columns: string[]; rows: Fields[]; documents: number }
  | { kind: 'points'; layers: PointLayer[] }
  /** Text, or what is not looked into. */
  | { kind: 'none' };

export interface PointLayer {
  layer: MapLayer;
  view: MappedView;
  /** Some of them. */
  points: Array<{ lat: number; lon: number }>;
  documents: number;
}

export interface FigureContext {
  server: Server;
  views: MappedViews;
  dashboard: Dashboard;
  /** Milliseconds since 1970, for time ranges that are relative. */
  now: number;
}

/** How many documents and points are fetched of a panel, for its picture and to compare some of them. */
const DOCUMENTS = 50;
const POINTS = 5000;

/** The most layers of a panel that are asked for. */
const MOST_LAYERS = 20;

/** Asks the server for what the panel shows; throws what the server says. */
export async function panelFigures(panel: Panel, context: FigureContext): Promise<PanelFigures> {
  const { content } = panel;
  switch (content.kind) {
    case 'lens': {
      const layers: LayerFigures[] = [];
      const not: string[] = [];
      for (const layer of content.lens.layers.slice(0, MOST_LAYERS)) {
        const view = context.views.get(content.dataViews.get(layer.id) ?? '');
        if (view === undefined) continue;
        const asked = [queryOf(content.lens.query), ...filterQueries(content.lens.filters)];
        const { query, span } = panelQuery(panel, view, asked, context);
        if (layer.sampled) not.push(`The layer ${layer.id} is of a sample, which is not computed here.`);
        const figures = layer.sampled ? null : await layerFigures(context.server, { layer, view, query, span });
        if (typeof figures === 'string') not.push(figures);
        else if (figures !== null) layers.push(figures);
      }
      return { kind: 'layers', layers, not };
    }
    case 'documents':
      return documentFigures(panel, content, context);
    case 'map': {
      const layers: PointLayer[] = [];
      for (const layer of content.layers.slice(0, MOST_LAYERS)) {
        const view = context.views.get(layer.dataView ?? '');
        if (view !== undefined) layers.push(await pointLayer(panel, layer, view, context));
      }
      return { kind: 'points', layers };
    }
    default:
      return { kind: 'none' };
  }
}

/** What the documents of a panel answer to: its own queries, the dashboard's, and the time range. */
export function panelQuery(
  panel: Panel,
  { view }: MappedView,
  asked: ReadonlyArray<Query | null>,
  { dashboard, now }: Pick<FigureContext, 'dashboard' | 'now'>,
): { query: Query; span: Span | null } {
  const span = view.timeField === null ? null : spanOf(panel.timeRange ?? dashboard.timeRange, now);
  const time = view.timeField === null || span === null ? null : timeFilter(view.timeField, span);
  const query = allOf([time, queryOf(dashboard.query), ...filterQueries(dashboard.filters), ...asked]);
  return { query, span };
}

async function documentFigures(panel: Panel, content: Documents, context: FigureContext): Promise<PanelFigures> {
  const view = context.views.get(content.dataView ?? '');
  if (view === undefined) return { kind: 'none' };
  const { query } = panelQuery(panel, view, [queryOf(content.query), ...filterQueries(content.filters)], context);
  const { timeField } = view.view;
  const wanted =
    content.columns.length === 0 ? ['*'] : [...content.columns, ...(timeField === null ? [] : [timeField])];
  const answer = await context.server.search(view.view.pattern, {
    size: DOCUMENTS,
    track_total_hits: true,
    query,
    sort: content.sort.map(({ field, order }) => ({ [field]: { order } })),
    _source: false,
    fields: wanted,
  });
  const rows = listOf(fieldsOf(answer['hits'])['hits']).map(hit => fieldsOf(fieldsOf(hit)['fields']));
  return { kind: 'documents', view, columns: content.columns, rows, documents: totalOf(answer) };
}

async function pointLayer(
  panel: Panel,
  layer: MapLayer,
  view: MappedView,
  context: FigureContext,
): Promise<PointLayer> {
  const there: Query = { exists: { field: layer.geoField } };
  const { query } = panelQuery(panel, view, [queryOf(layer.query), there], context);
  const answer = await context.server.search(view.view.pattern, {
    size: POINTS,
    track_total_hits: true,
    // Drawn at random, the same ones each time: the first ones may all lie in one place.
    query: { function_score: { query, random_score: { seed: 1, field: '_seq_no' }, boost_mode: 'replace' } },
    _source: false,
    fields: [layer.geoField],
  });
  const points = listOf(fieldsOf(answer['hits'])['hits']).flatMap(hit =>
    listOf(fieldsOf(fieldsOf(hit)['fields'])[layer.geoField]).flatMap(pointOf),
  );
  return { layer, view, points, documents: totalOf(answer) };
}

/** GeoJSON, as Elasticsearch gives points among `fields`. */
function pointOf(value: unknown): Array<{ lat: number; lon: number }> {
  const [lon, lat] = listOf(fieldsOf(value)['coordinates']).map(numberOf);
  return lat == null || lon == null ? [] : [{ lat, lon }];
}
