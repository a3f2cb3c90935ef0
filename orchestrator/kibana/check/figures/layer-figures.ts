import { fieldsOf, numberOf, type Fields } from '../json.ts';
import type { LensColumn, LensLayer } from '../lens/read-lens.ts';
import type { Query } from '../kql/query.ts';
import { WHOLE_NUMBERS } from '../server/mapping.ts';
import type { MappedView } from '../server/check-fields.ts';
import { totalOf, type Server } from '../server/server.ts';
import type { Span } from './context.ts';
import { figureColumn, type Figure, type FigureColumn } from './figure-column.ts';
import { groupColumn, type GroupColumn, type Key } from './group-column.ts';
import { numberInterval } from './interval.ts';

/** What a layer of a Lens panel shows. */
export interface LayerFigures {
  layerId: string;
  view: MappedView;
  /** The query that the documents of the panel answer to. */
  query: Query;
  span: Span | null;
  groups: GroupColumn[];
  figures: FigureColumn[];
  rows: Row[];
  /** How many documents it is of. */
  documents: number;
}

export interface Row {
  /** One for each of the groups. */
  keys: Key[];
  /** One for each of the figures. */
  figures: Figure[];
}

export interface LayerRequest {
  layer: LensLayer;
  view: MappedView;
  query: Query;
  span: Span | null;
}

/** Asks the server for what the layer shows; a sentence instead says why it is not computed here. */
export async function layerFigures(server: Server, request: LayerRequest): Promise<LayerFigures | string> {
  const { layer, view, query } = request;
  const columns = layer.order.flatMap(id => layer.columns.get(id) ?? []);
  const figures: FigureColumn[] = [];
  for (const column of columns.filter(({ bucketed }) => !bucketed)) {
    const figure = figureColumn(column);
    if (figure === null) return `"${column.label}" (${column.operation}) is not computed here.`;
    figures.push(figure);
  }
  const groups: GroupColumn[] = [];
  for (const column of columns.filter(({ bucketed }) => bucketed)) {
    const group = groupColumn(column, await contextOf(server, column, figures, request));
    if (typeof group === 'string') return group;
    groups.push(group);
  }
  const index = view.view.pattern;
  const search: Search = {
    groups,
    figures,
    ask: aggs => server.search(index, { size: 0, track_total_hits: true, query, aggs }),
  };
  const answer = await search.ask(aggregations(search, 0));
  const documents = totalOf(answer);
  const top = { ...fieldsOf(answer['aggregations']), doc_count: documents };
  const rows = groups.length === 0 ? [{ keys: [], figures: readFigures(search, top) }] : await groupedRows(search, top);
  return { layerId: layer.id, view, query, span: request.span, groups, figures, rows, documents };
}

interface Search {
  groups: GroupColumn[];
  figures: FigureColumn[];
  ask(aggs: Fields): Promise<Fields>;
}

async function contextOf(server: Server, column: LensColumn, figures: FigureColumn[], request: LayerRequest) {
  return {
    span: request.span,
    timeField: request.view.view.timeField,
    histogram: column.operation === 'range' ? await histogramOf(server, column, request) : null,
    order: (columnId: string) => {
      const at = figures.findIndex(figure => figure.column.id === columnId);
      const path = figures[at]?.orderPath ?? null;
      return path === null || path === '_count' ? path : `m${at}${path}`;
    },
  };
}

/** Kibana, too, asks for the bounds of a number before it groups it. */
async function histogramOf(server: Server, { field, params }: LensColumn, { view, query }: LayerRequest) {
  if (params['type'] === 'range') return null;
  const aggs = { min: { min: { field } }, max: { max: { field } } };
  const answer = fieldsOf((await server.search(view.view.pattern, { size: 0, query, aggs }))['aggregations']);
  const min = numberOf(fieldsOf(answer['min'])['value']);
  const max = numberOf(fieldsOf(answer['max'])['value']);
  if (min === null || max === null) return null;
  const types = view.fields.get(field ?? '')?.types ?? [];
  const whole = types.length > 0 && types.every(type => WHOLE_NUMBERS.has(type));
  return { min, max, interval: numberInterval({ min, max, maxBars: numberOf(params['maxBars']) ?? 'auto', whole }) };
}

/** The aggregations from a level of groups downward. */
function aggregations({ groups, figures }: Pick<Search, 'groups' | 'figures'>, level: number): Fields {
  const own = Object.fromEntries(
    figures.flatMap(({ aggregation }, at) => (aggregation === null ? [] : [[`m${at}`, aggregation]])),
  );
  const group = groups[level];
  if (group === undefined) return own;
  const last = level === groups.length - 1;
  const below = aggregations({ groups, figures }, level + 1);
  // What groups are ordered by must be known of each of them.
  const ordering = last ? {} : Object.fromEntries(Object.entries(own).filter(([name]) => ordersBy(group, name)));
  return { [`g${level}`]: { ...group.aggregation, aggs: { ...ordering, ...below } } };
}

function ordersBy({ aggregation }: GroupColumn, name: string): boolean {
  const [path] = Object.keys(fieldsOf(fieldsOf(aggregation['terms'])['order']));
  return path !== undefined && new RegExp(`^${name}([>.[]|$)`).test(path);
}

/** Groups of one level within a group of the level above. */
interface Level {
  nodes: Node[];
  /** Documents that are in none of them. */
  left: number;
}

interface Node {
  key: Key;
  filter: Query;
  figures: Figure[];
  next: Level | null;
}

async function groupedRows(search: Search, top: Fields): Promise<Row[]> {
  const root = readLevel(search, 0, top);
  for (const level of search.groups.keys()) await addOthers(search, root, level);
  return rowsOf(root, []);
}

function readLevel(search: Search, level: number, part: Fields): Level {
  const answer = fieldsOf(part[`g${level}`]);
  const nodes = (search.groups[level]?.groups(answer) ?? []).map(({ key, filter, group }) =>
    readNode(search, level, key, filter, group),
  );
  return { nodes, left: numberOf(answer['sum_other_doc_count']) ?? 0 };
}

function readNode(search: Search, level: number, key: Key, filter: Query, group: Fields): Node {
  const last = level === search.groups.length - 1;
  return {
    key,
    filter,
    figures: last ? readFigures(search, group) : [],
    next: last ? null : readLevel(search, level + 1, group),
  };
}

function readFigures({ figures }: Search, group: Fields): Figure[] {
  return figures.map((figure, at) => figure.read(group, fieldsOf(group[`m${at}`])));
}

/** The most groups that are asked for their others: each is a filter of one request. */
const MAX_OTHERS = 500;

/** As Kibana does after the answer, level by level (_terms_other_bucket_helper.ts). */
async function addOthers(search: Search, root: Level, level: number): Promise<void> {
  const field = search.groups[level]?.othersOf;
  if (field == null) return;
  const places = placesOf(root, level, []).filter(place => place.level.nodes.length > 0);
  if (places.every(place => place.level.left === 0) || places.length > MAX_OTHERS) return;
  const filters = places.map(({ path, level: { nodes } }) => ({
    bool: { filter: [...path, { exists: { field } }], must_not: nodes.map(node => node.filter) },
  }));
  const aggs = {
    others: {
      filters: { filters: Object.fromEntries(filters.map((filter, at) => [`o${at}`, filter])) },
      aggs: aggregations(search, level + 1),
    },
  };
  const answer = fieldsOf((await search.ask(aggs))['aggregations']);
  const found = fieldsOf(fieldsOf(answer['others'])['buckets']);
  for (const [at, place] of places.entries()) {
    const group = fieldsOf(found[`o${at}`]);
    if (group['doc_count'] === 0) continue;
    place.level.nodes.push(readNode(search, level, { kind: 'others' }, filters[at] ?? {}, group));
  }
}

function placesOf(at: Level, depth: number, path: Query[]): Array<{ level: Level; path: Query[] }> {
  if (depth === 0) return [{ level: at, path }];
  return at.nodes.flatMap(node => (node.next === null ? [] : placesOf(node.next, depth - 1, [...path, node.filter])));
}

function rowsOf({ nodes }: Level, keys: Key[]): Row[] {
  return nodes.flatMap(node => {
    const path = [...keys, node.key];
    return node.next === null ? [{ keys: path, figures: node.figures }] : rowsOf(node.next, path);
  });
}
