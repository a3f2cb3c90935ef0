import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, listOf, shown, textOf, type Fields } from '../json.ts';
import type { Content, Dashboard, Panel } from '../reading.ts';
import type { SavedObject } from '../saved-object.ts';
import type { Claims } from './claims.ts';
import { readControls } from './controls.ts';
import { embedded } from './embedded.ts';
import { checkOverlaps, readPlace, type Placed } from './grid.ts';
import { readPanelContent, type ContentByKey } from './panel-content.ts';
import { readSearchSource } from './search-source.ts';
import { readTimeRange } from './time-range.ts';

/** What the check of a dashboard needs beside it. */
export interface Around {
  claims: Claims;
  /** What other objects of the file hold, for panels by reference. */
  contents: ContentByKey;
  report: Reporter;
}

const MAX_PANELS = 1000;

/** Checks a dashboard: panels, grid, controls, options and time. */
export function readDashboard(object: SavedObject, around: Around): Dashboard {
  const { attributes, packaged, id } = object;
  const { report, claims } = around;
  if (textOf(attributes['title']) === null) report.mistake('The dashboard has no title.', 'Write one.');
  const options = embedded(attributes['optionsJSON'], 'optionsJSON', packaged, report);
  if (options !== undefined && !isFields(options)) report.mistake('optionsJSON is not an object.', 'Write an object.');
  const search = readSearchSource(attributes, { claims, packaged, report });
  if (search === null && !packaged)
    report.mistake('The dashboard has no search source.', 'Write kibanaSavedObjectMeta.searchSourceJSON.');
  return {
    id,
    title: textOf(attributes['title']) ?? id,
    description: textOf(attributes['description']) ?? '',
    timeRange: timeRangeOf(attributes, report),
    query: search?.source['query'],
    filters: search?.source['filter'],
    panels: readPanels(object, around),
    controls: readControls(attributes, { claims, packaged, report }),
    report,
  };
}

function timeRangeOf({ timeRestore, timeFrom, timeTo }: Fields, report: Reporter) {
  if (timeRestore !== true) return null;
  if (timeFrom === undefined || timeTo === undefined)
    report.mistake('timeRestore is set, but timeFrom or timeTo is missing.', 'Write both.');
  return readTimeRange({ from: timeFrom, to: timeTo }, report);
}

function readPanels({ attributes, packaged }: SavedObject, around: Around): Panel[] {
  const { report } = around;
  const raw = embedded(attributes['panelsJSON'], 'panelsJSON', packaged, report);
  if (!Array.isArray(raw)) {
    report.mistake('panelsJSON is not a list.', 'Write a list of panels as a JSON string.');
    return [];
  }
  if (raw.length > MAX_PANELS) {
    report.mistake(`The dashboard has more than ${MAX_PANELS} panels.`, 'Divide it.');
    return [];
  }
  const sections = listOf(attributes['sections']).map(section => fieldsOf(fieldsOf(section)['gridData'])['i']);
  const placed: Array<Placed & { report: Reporter }> = [];
  const panels = raw.flatMap(item => {
    if (!isFields(item)) {
      report.mistake(`A panel is ${shown(item)}.`, 'Write an object.');
      return [];
    }
    const panel = readPanel(item, sections, packaged, around);
    if (panel.placed) placed.push({ ...panel.placed, report: panel.report });
    return [panel];
  });
  checkIndices(panels, report);
  checkOverlaps(placed);
  return panels;
}

function checkIndices(panels: readonly Panel[], report: Reporter): void {
  const indices = panels.map(({ index }) => index);
  for (const index of new Set(indices.filter((one, at) => indices.indexOf(one) !== at)))
    report.mistake(`Two panels have the panelIndex ${index}.`, 'Give each its own.');
}

function readPanel(item: Fields, sections: readonly unknown[], packaged: boolean, around: Around) {
  const index = indexOf(item['panelIndex']);
  const { content, title } = readPanelContent(item, index, packaged, around);
  const name = `"${title}"`;
  const report = around.report.inPanel(title);
  const gridData = fieldsOf(item['gridData']);
  if (index === '') report.mistake('The panel has no panelIndex.', 'Give it one, as in gridData.i.');
  else if (indexOf(gridData['i']) !== index)
    report.mistake(`panelIndex is ${index}, gridData.i ${shown(gridData['i'])}.`, 'Use one and the same.');
  if (gridData['sectionId'] !== undefined && !sections.includes(gridData['sectionId']))
    report.mistake(`The panel is in section ${shown(gridData['sectionId'])}, which is not there.`, 'Add the section.');
  const placed = readPlace(item, name, report);
  const { x, y, w, h } = placed ?? { x: 0, y: 0, w: 0, h: 0 };
  const config = fieldsOf(item['embeddableConfig']);
  const timeRange = readTimeRange(config['timeRange'], report);
  const isTitleHidden = config['hidePanelTitles'] === true;
  return {
    index,
    title,
    isTitleHidden,
    place: { x, y, w, h },
    timeRange,
    content: content satisfies Content,
    report,
    placed,
  };
}

/** Numbers until Kibana 7. */
function indexOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : (textOf(value) ?? '');
}
