import type { Grouping, Metric } from '../dashboard.ts';
import { type Column, dataType, type FieldTypes } from './column.ts';
import { isSortable } from './metric-column.ts';

/** The metrics of a layer, in their order, with the ids of their columns. */
export type Metrics = ReadonlyArray<{ id: string; metric: Metric }>;

/**
 * How documents are grouped, as a column of a Lens layer.
 *
 * @see https://github.com/elastic/kibana/tree/main/x-pack/platform/plugins/shared/lens/public/datasources/form_based/operations/definitions
 */
export function groupingColumn(grouping: Grouping, types: FieldTypes, metrics: Metrics): Column {
  const common = { label: grouping.label, customLabel: true, isBucketed: true, sourceField: grouping.field } as const;
  switch (grouping.by) {
    case 'time':
      return {
        ...common,
        dataType: 'date',
        operationType: 'date_histogram',
        scale: 'interval',
        params: { interval: grouping.interval, includeEmptyRows: true, dropPartials: false },
      };
    case 'values':
      return {
        ...common,
        dataType: dataType(grouping.field, types),
        operationType: 'terms',
        scale: 'ordinal',
        params: termsParams(grouping, types, metrics),
      };
    case 'number':
      return grouping.edges === undefined ? histogram(common) : ranges(common, grouping.edges);
  }
}

type Common = Pick<Column, 'label' | 'customLabel' | 'isBucketed' | 'sourceField'>;

function termsParams(
  grouping: Grouping & { by: 'values' },
  types: FieldTypes,
  metrics: Metrics,
): Record<string, unknown> {
  const ranked = grouping.order === 'value' ? undefined : metrics[grouping.order];
  const isRanked = ranked !== undefined && isSortable(ranked.metric, types);
  return {
    size: grouping.size,
    orderBy: isRanked ? { type: 'column', columnId: ranked.id } : { type: 'alphabetical', fallback: false },
    orderDirection: isRanked ? 'desc' : 'asc',
    otherBucket: grouping.others,
    missingBucket: false,
    parentFormat: { id: 'terms' },
    include: [],
    exclude: [],
    includeIsRegex: false,
    excludeIsRegex: false,
  };
}

function histogram(common: Common): Column {
  const params = { type: 'histogram', ranges: [], maxBars: 'auto', includeEmptyRows: true };
  return { ...common, dataType: 'number', operationType: 'range', scale: 'interval', params };
}

/** Each from an edge up to the next one, which it does not hold. */
function ranges(common: Common, edges: readonly number[]): Column {
  const between = edges.slice(1).map((to, index) => ({ from: edges[index], to, label: '' }));
  const parentFormat = { id: 'range', params: { template: 'arrow_right', replaceInfinity: true } };
  const params = { type: 'range', ranges: between, maxBars: 'auto', parentFormat };
  return { ...common, dataType: 'string', operationType: 'range', scale: 'ordinal', params };
}
