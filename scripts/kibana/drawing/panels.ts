import type { LayerFigures } from '../../../orchestrator/kibana/check/figures/layer-figures.ts';
import type { PanelFigures, PointLayer } from '../../../orchestrator/kibana/check/figures/panel-figures.ts';
import { fieldsOf, listOf, textOf } from '../../../orchestrator/kibana/check/json.ts';
import { visualizationLayers, type Lens } from '../../../orchestrator/kibana/check/lens/read-lens.ts';
import type { Panel } from '../../../orchestrator/kibana/check/reading.ts';
import { columnFormat, formatValue } from './format.ts';
import { colour, escape, markdown, short, svg, ticks, type Size } from './markup.ts';
import { chartOf, keyName } from './series.ts';
import { drawXy } from './xy.ts';

/** What is inside a panel's frame. */
export function drawPanel(panel: Panel, figures: PanelFigures | undefined, size: Size, locale: string): string {
  const { content } = panel;
  if (content.kind === 'text') return `<div class="text">${markdown(content.markdown)}</div>`;
  if (figures === undefined) return '<div class="none">Elasticsearch refused it</div>';
  switch (figures.kind) {
    case 'layers':
      return content.kind === 'lens' ? drawLens(content.lens, figures, size, locale) : '';
    case 'documents':
      return drawDocuments(figures, locale);
    case 'points':
      return drawMap(figures.layers, size);
    default:
      return '<div class="none">not drawn</div>';
  }
}

type Layers = Extract<PanelFigures, { kind: 'layers' }>;

function drawLens(lens: Lens, { layers, not }: Layers, size: Size, locale: string): string {
  const [first] = layers;
  if (first === undefined) return `<div class="none">${escape(not.join(' '))}</div>`;
  switch (lens.visualizationType) {
    case 'lnsMetric':
    case 'lnsLegacyMetric':
      return drawMetric(first, size, locale);
    case 'lnsXY':
      return drawXyLayers(lens, layers, size, locale);
    case 'lnsPie':
      return drawPie(first, size, locale);
    default:
      return drawTable(lens, first, locale);
  }
}

function drawMetric({ figures, rows, view }: LayerFigures, { width, height }: Size, locale: string): string {
  const [figure] = figures;
  if (figure === undefined) return '';
  const text = formatValue(rows[0]?.figures[0], columnFormat(figure.column, view), locale);
  const font = Math.max(16, Math.min(height * 0.5, 46, (width / text.length) * 1.5));
  return `<div class="metric"><span>${escape(figure.column.label)}</span><b style="font-size:${font}px">${escape(text)}</b></div>`;
}

function drawXyLayers(lens: Lens, layers: readonly LayerFigures[], size: Size, locale: string): string {
  const drawn = visualizationLayers(lens.visualization).flatMap(layer => {
    const figures = layers.find(({ layerId }) => layerId === layer['layerId']);
    if (figures === undefined || layer['layerType'] === 'referenceLine') return [];
    const type = textOf(layer['seriesType']) ?? 'bar';
    const look = {
      mark: type.startsWith('line')
        ? ('line' as const)
        : type.startsWith('area')
          ? ('area' as const)
          : ('bar' as const),
      stacked: type.includes('stacked') || type === 'area',
      horizontal: type.includes('horizontal'),
      locale,
    };
    return [drawXy(chartOf(figures, layer, locale), look, size)];
  });
  return drawn[0] ?? '';
}

function drawPie({ groups, figures, rows, view }: LayerFigures, size: Size, locale: string): string {
  const values = rows.map(row => Number(row.figures[0] ?? 0));
  const total = values.reduce((sum, value) => sum + value, 0);
  const format = figures[0] === undefined ? null : columnFormat(figures[0].column, view);
  const names = rows.map((row, at) => {
    const name = row.keys.map((key, level) => keyName(key, groups[level], view, locale)).join(' · ');
    const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
    return `${short(name, 24)} – ${formatValue(values[at], format, locale)} (${share.format(total === 0 ? 0 : (values[at] ?? 0) / total)})`;
  });
  const radius = Math.max(20, Math.min(size.height, size.width * 0.5) / 2 - 8);
  const [cx, cy] = [radius + 8, size.height / 2];
  let before = 0;
  const slices = values.map((value, at) => {
    const [from, to] = [before, before + value];
    before = to;
    return slice({ cx, cy, radius }, from / total, to / total, colour(at));
  });
  const list = names
    .map(
      (name, at) =>
        `<circle cx="${cx + radius + 24}" cy="${20 + at * 18}" r="4" fill="${colour(at)}"/>` +
        `<text x="${cx + radius + 34}" y="${24 + at * 18}">${escape(name)}</text>`,
    )
    .join('');
  return svg(size, slices.join('') + list);
}

function slice(at: { cx: number; cy: number; radius: number }, from: number, to: number, fill: string): string {
  const { cx, cy, radius } = at;
  if (to - from > 0.9999) return `<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${fill}"/>`;
  const point = (share: number) => {
    const angle = share * 2 * Math.PI - Math.PI / 2;
    return `${(cx + radius * Math.cos(angle)).toFixed(1)} ${(cy + radius * Math.sin(angle)).toFixed(1)}`;
  };
  const large = to - from > 0.5 ? 1 : 0;
  return `<path d="M ${cx} ${cy} L ${point(from)} A ${radius} ${radius} 0 ${large} 1 ${point(to)} Z" fill="${fill}" stroke="white"/>`;
}

function drawTable(lens: Lens, layer: LayerFigures, locale: string): string {
  const { groups, figures, view } = layer;
  const shown = listOf(lens.visualization['columns']).map(column => fieldsOf(column)['columnId']);
  const heads = [...groups, ...figures].map(({ column }) => column);
  const order = shown.length === 0 ? heads.map(({ id }) => id) : shown;
  const columns = order.flatMap(id => {
    const at = heads.findIndex(head => head.id === id);
    return at === -1 ? [] : [{ at, head: heads[at], isGroup: at < groups.length }];
  });
  const rows = layer.rows.slice(0, 50).map(row =>
    columns.map(({ at, head, isGroup }) => {
      const key = row.keys[at];
      if (isGroup) return { text: key === undefined ? '' : keyName(key, groups[at], view, locale), right: false };
      const format = head === undefined ? null : columnFormat(head, view);
      return { text: formatValue(row.figures[at - groups.length], format, locale), right: true };
    }),
  );
  return table(
    columns.map(({ head, isGroup }) => ({ text: head?.label ?? '', right: !isGroup })),
    rows,
  );
}

interface Cell {
  text: string;
  right: boolean;
}

function table(heads: readonly Cell[], rows: ReadonlyArray<readonly Cell[]>): string {
  const cell = (tag: string) => (one: Cell) =>
    `<${tag}${one.right ? ' class="right"' : ''}>${escape(short(one.text, 80))}</${tag}>`;
  const body = rows.map(row => `<tr>${row.map(cell('td')).join('')}</tr>`).join('');
  return `<table><tr>${heads.map(cell('th')).join('')}</tr>${body}</table>`;
}

function drawDocuments(figures: Extract<PanelFigures, { kind: 'documents' }>, locale: string): string {
  const { columns, rows, view, documents } = figures;
  const { timeField, formats } = view.view;
  const names = columns.length > 0 ? columns : Object.keys(rows[0] ?? {});
  // Discover shows the time first, unless it is a column.
  const all = timeField === null || names.includes(timeField) ? names : [timeField, ...names];
  const kind = (name: string) => view.fields.get(name)?.kind;
  const cells = rows.map(row =>
    all.map(name => {
      const format = formats.get(name) ?? (kind(name) === 'date' ? { id: 'date', params: {} } : null);
      return { text: formatValue(row[name] ?? null, format, locale), right: kind(name) === 'number' };
    }),
  );
  const count = new Intl.NumberFormat(locale).format(documents);
  return `<div class="count">${count} documents</div>${table(
    all.map(text => ({ text, right: kind(text) === 'number' })),
    cells,
  )}`;
}

/** Dots on a graticule: degrees are drawn as they are, narrowed by the cosine of the middle latitude. */
function drawMap(layers: readonly PointLayer[], size: Size): string {
  const points = layers.flatMap(layer => layer.points);
  if (points.length === 0) return '<div class="none">no points</div>';
  const bounds = boundsOf(points);
  const narrow = Math.cos((((bounds.south + bounds.north) / 2) * Math.PI) / 180);
  const scale = Math.min(
    size.width / ((bounds.east - bounds.west) * narrow),
    size.height / (bounds.north - bounds.south),
  );
  const middle = { lon: (bounds.west + bounds.east) / 2, lat: (bounds.south + bounds.north) / 2 };
  const x = (lon: number) => size.width / 2 + (lon - middle.lon) * narrow * scale;
  const y = (lat: number) => size.height / 2 - (lat - middle.lat) * scale;
  const side = size.width / narrow / scale / 2;
  const meridians = ticks(middle.lon - side, middle.lon + side, 8).map(
    lon =>
      `<line x1="${x(lon)}" x2="${x(lon)}" y1="0" y2="${size.height}" class="grid"/><text x="${x(lon) + 3}" y="${size.height - 4}">${round(lon)}°</text>`,
  );
  const parallels = ticks(bounds.south, bounds.north, 6).map(
    lat =>
      `<line x1="0" x2="${size.width}" y1="${y(lat)}" y2="${y(lat)}" class="grid"/><text x="3" y="${y(lat) - 3}">${round(lat)}°</text>`,
  );
  const dots = points
    .slice(0, 4000)
    .map(({ lat, lon }) => `<circle cx="${x(lon).toFixed(1)}" cy="${y(lat).toFixed(1)}" r="2.5" class="dot"/>`);
  const documents = layers.reduce((sum, layer) => sum + layer.documents, 0);
  const label = `<text x="8" y="16" class="title">${documents} documents, ${Math.min(points.length, 4000)} drawn</text>`;
  return svg(size, meridians.join('') + parallels.join('') + dots.join('') + label);
}

function boundsOf(points: ReadonlyArray<{ lat: number; lon: number }>) {
  let [south, north, west, east] = [90, -90, 180, -180];
  for (const { lat, lon } of points) {
    [south, north] = [Math.min(south, lat), Math.max(north, lat)];
    [west, east] = [Math.min(west, lon), Math.max(east, lon)];
  }
  const pad = Math.max(north - south, east - west, 0.02) * 0.05;
  return { south: south - pad, north: north + pad, west: west - pad, east: east + pad };
}

function round(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}
