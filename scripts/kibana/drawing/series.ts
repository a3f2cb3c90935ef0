import type { Figure } from '../../../orchestrator/kibana/check/figures/figure-column.ts';
import type { Key } from '../../../orchestrator/kibana/check/figures/group-column.ts';
import type { LayerFigures } from '../../../orchestrator/kibana/check/figures/layer-figures.ts';
import { textOf, textsOf, type Fields } from '../../../orchestrator/kibana/check/json.ts';
import type { FieldFormat } from '../../../orchestrator/kibana/check/reading.ts';
import { columnFormat, formatValue, moment } from './format.ts';

export interface Series {
  name: string;
  /** By the text of the group on the axis. */
  values: Map<string, number>;
}

export interface Chart {
  /** Groups on the axis: times and numbers in their order, values in that of the answer. */
  axis: Array<{ name: string; at: number | null }>;
  /** What the axis, and what the figures are called. */
  axisTitle: string;
  figureTitle: string;
  /** Set for times and numbers: how wide a group is. */
  step: number | null;
  isTime: boolean;
  series: Series[];
  format: FieldFormat | null;
}

/** The series of an XY layer, from the figures and the accessors of the visualization. */
export function chartOf(figures: LayerFigures, layer: Fields, locale: string): Chart {
  const { groups, figures: metrics, rows, view } = figures;
  const position = (id: unknown) => groups.findIndex(({ column }) => column.id === id);
  const x = position(layer['xAccessor']);
  const split = position(textOf(layer['splitAccessor']) ?? textsOf(layer['splitAccessors'])[0]);
  const shown = textsOf(layer['accessors']).flatMap(id => {
    const at = metrics.findIndex(({ column }) => column.id === id);
    return at === -1 ? [] : [{ at, label: metrics[at]?.column.label ?? '' }];
  });
  const axisColumn = groups[x];
  const series = new Map<string, Series>();
  const axis = new Map<string, number | null>();
  for (const { keys, figures: values } of rows) {
    const key = keys[x];
    const name = key === undefined ? '' : keyName(key, axisColumn, view, locale);
    axis.set(name, key?.kind === 'value' && typeof key.value === 'number' ? key.value : null);
    for (const { at, label } of shown) {
      const splitKey = keys[split];
      const named = splitKey === undefined ? label : keyName(splitKey, groups[split], view, locale);
      const called = shown.length > 1 && splitKey !== undefined ? `${named} – ${label}` : named;
      const one = series.get(called) ?? { name: called, values: new Map<string, number>() };
      one.values.set(name, numeric(values[at]));
      series.set(called, one);
    }
  }
  const isTime = axisColumn?.interval != null;
  const isNumber = axisColumn?.column.operation === 'range' && axisColumn.column.params['type'] !== 'range';
  const places = [...axis].map(([name, at]) => ({ name, at }));
  if (isTime || isNumber) places.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  const first = metrics[shown[0]?.at ?? 0];
  return {
    axis: places,
    axisTitle: axisColumn?.column.label ?? '',
    figureTitle: shown.map(({ label }) => label).join(', '),
    step: isTime || isNumber ? smallestStep(places) : null,
    isTime,
    series: [...series.values()],
    format: first === undefined ? null : columnFormat(first.column, view),
  };
}

function numeric(figure: Figure | undefined): number {
  return typeof figure === 'number' ? figure : 0;
}

function smallestStep(places: ReadonlyArray<{ at: number | null }>): number {
  const steps = places.slice(1).map(({ at }, index) => (at ?? 0) - (places[index]?.at ?? 0));
  return Math.min(...steps.filter(step => step > 0), Infinity);
}

/** How a group is called. */
export function keyName(
  key: Key,
  group: LayerFigures['groups'][number] | undefined,
  view: LayerFigures['view'],
  locale: string,
): string {
  if (key.kind === 'others') return locale.startsWith('fr') ? 'Autres' : 'Other';
  if (group === undefined) return key.text;
  if (group.interval !== null) return moment(key.value, timePattern(group), locale);
  if (group.column.operation === 'filters') return key.text;
  if (group.column.operation === 'range' && group.column.params['type'] === 'range') return key.text;
  // Booleans are told by their text.
  if (key.text === 'true' || key.text === 'false') return key.text;
  const format = view.view.formats.get(group.column.field ?? '') ?? null;
  if (format === null && view.fields.get(group.column.field ?? '')?.kind === 'date') return key.text;
  return formatValue(key.value, format, locale);
}

function timePattern({ interval }: LayerFigures['groups'][number]): string {
  if (interval === null) return 'YYYY-MM-DD HH:mm';
  if ('fixedMs' in interval) return interval.fixedMs >= 86_400_000 ? 'YYYY-MM-DD' : 'YYYY-MM-DD HH:mm:ss';
  const unit = interval.calendar.slice(-1);
  if (unit === 'y') return 'YYYY';
  if (unit === 'M' || unit === 'q') return 'YYYY-MM';
  return unit === 'd' || unit === 'w' ? 'YYYY-MM-DD' : 'YYYY-MM-DD HH:mm';
}
