import { messageOf } from '../../../errors.ts';
import type { Dashboard, Panel } from '../reading.ts';
import type { MappedView } from '../server/check-fields.ts';
import { totalOf } from '../server/server.ts';
import { queryOf, spanOf, timeFilter, type Span } from './context.ts';
import { panelFigures, type FigureContext, type PanelFigures } from './panel-figures.ts';

/**
 * Asks for what every panel of the dashboard shows, and tells which fail, which are empty, and whether the time range
 * holds the documents. Gives what each panel shows, for those that could be asked.
 */
export async function checkFigures(context: FigureContext): Promise<Map<Panel, PanelFigures>> {
  const shown = new Map<Panel, PanelFigures>();
  for (const panel of context.dashboard.panels) {
    try {
      const figures = await panelFigures(panel, context);
      tellEmpty(panel, figures);
      shown.set(panel, figures);
    } catch (error) {
      panel.report.mistake(`Elasticsearch refuses what it asks: ${messageOf(error)}.`, 'Correct the panel.');
    }
  }
  await checkTimeRanges(context);
  return shown;
}

function tellEmpty({ report, content }: Panel, figures: PanelFigures): void {
  const empty = () => {
    // A panel of failures is well empty.
    const isFiltered =
      'query' in content ? hasQuery(content.query) : content.kind === 'lens' && hasQuery(content.lens.query);
    if (isFiltered) report.note('The panel is empty now: no document answers its filter.', 'See whether that can be.');
    else report.doubt('The panel is empty: it has no document in its time range.', EMPTY);
  };
  switch (figures.kind) {
    case 'layers':
      for (const reason of figures.not) report.note(`Its figures are not checked: ${reason}`, 'Look at it in Kibana.');
      for (const { documents, rows, figures: columns } of figures.layers)
        if (documents === 0) empty();
        else if (rows.length === 0)
          report.doubt('The panel is empty: its documents have no value in the fields that group them.', EMPTY);
        else
          for (const [at, { column }] of columns.entries())
            if (rows.every(row => row.figures[at] === null))
              report.doubt(`"${column.label}" is empty everywhere.`, 'Choose a field that has values.');
      break;
    case 'documents':
      if (figures.documents === 0) empty();
      break;
    case 'points':
      for (const { documents } of figures.layers) if (documents === 0) empty();
      break;
    default:
  }
}

function hasQuery(query: unknown): boolean {
  return queryOf(query) !== null;
}

const EMPTY = 'Widen its time range or filter, or load rows.';

/** From this share of documents outside on, the time range can hardly be meant. */
const MANY_OUTSIDE = 0.5;

async function checkTimeRanges({ server, views, dashboard, now }: FigureContext): Promise<void> {
  for (const [range, report] of rangesOf(dashboard)) {
    const span = spanOf(range, now);
    if (span === null) continue;
    for (const mapped of usedViews(dashboard, views)) {
      const { timeField, pattern, name } = mapped.view;
      if (timeField === null) continue;
      const counted = await countWithin(server, pattern, timeField, span);
      const outside = counted.all - counted.within;
      const share = `${outside} of ${counted.all} documents of ${name} are outside the time range`;
      if (counted.all === 0 || outside === 0) continue;
      if (counted.within === 0) report.mistake(`${share}: it shows nothing.`, RANGE);
      else if (outside / counted.all > MANY_OUTSIDE) report.doubt(`${share}.`, RANGE);
      else report.note(`${share}.`, RANGE);
    }
  }
}

const RANGE = 'Set a range that holds them, if they are meant to be seen.';

function rangesOf(dashboard: Dashboard) {
  return dashboard.timeRange === null ? [] : [[dashboard.timeRange, dashboard.report] as const];
}

/** Data views of panels that follow the dashboard's time range. */
function usedViews(dashboard: Dashboard, views: FigureContext['views']): Set<MappedView> {
  const ids = dashboard.panels
    .filter(panel => panel.timeRange === null)
    .flatMap(({ content }) => {
      if (content.kind === 'lens') return [...content.dataViews.values()];
      if (content.kind === 'documents') return [content.dataView];
      return content.kind === 'map' ? content.layers.map(({ dataView }) => dataView) : [];
    });
  return new Set(ids.flatMap(id => views.get(id ?? '') ?? []));
}

async function countWithin(server: FigureContext['server'], pattern: string, field: string, span: Span) {
  const count = async (query: object) =>
    totalOf(await server.search(pattern, { size: 0, track_total_hits: true, query }));
  return { all: await count({ match_all: {} }), within: await count(timeFilter(field, span)) };
}
