import type { Metric } from '../dashboard.ts';
import { kqlField } from '../escape.ts';
import { type Column, dataType, type FieldTypes } from './column.ts';
import { valueFormat } from './value-format.ts';

/**
 * A metric as a column of a Lens layer.
 *
 * @see https://github.com/elastic/kibana/tree/main/x-pack/platform/plugins/shared/lens/public/datasources/form_based/operations/definitions
 */
export function metricColumn(metric: Metric, types: FieldTypes): Column {
  const format = metric.format === undefined ? undefined : valueFormat(metric.format);
  const filter = filterOf(metric);
  return {
    label: metric.label,
    customLabel: true,
    dataType: typeOf(metric, types),
    operationType: metric.of,
    isBucketed: false,
    scale: scaleOf(metric, types),
    sourceField: metric.of === 'count' ? ALL_DOCUMENTS : metric.field,
    ...(filter === undefined ? {} : { filter: { query: filter, language: 'kuery' } }),
    params: { ...paramsOf(metric), ...(format === undefined ? {} : { format }) },
  };
}

/** Whether the parts of it add up to the whole, so that they may be stacked. */
export function addsUp(metric: Metric): boolean {
  return metric.of === 'count' || metric.of === 'sum';
}

/**
 * Whether Kibana ranks values by it.
 *
 * @see https://github.com/elastic/kibana/blob/main/x-pack/platform/plugins/shared/lens/public/datasources/form_based/operations/definitions/terms/helpers.ts
 */
export function isSortable(metric: Metric, types: FieldTypes): boolean {
  if (metric.of === 'percentile') return Number.isInteger(metric.percent);
  return metric.of !== 'last_value' || ['number', 'date'].includes(dataType(metric.field, types));
}

const ALL_DOCUMENTS = '___records___';

function typeOf(metric: Metric, types: FieldTypes): Column['dataType'] {
  if (metric.of === 'last_value') return dataType(metric.field, types);
  const keepsType = metric.of === 'min' || metric.of === 'max';
  return keepsType && dataType(metric.field, types) === 'date' ? 'date' : 'number';
}

function scaleOf(metric: Metric, types: FieldTypes): Column['scale'] {
  return metric.of === 'last_value' && ['string', 'ip'].includes(dataType(metric.field, types)) ? 'ordinal' : 'ratio';
}

/** Documents without the field have no last value: Lens leaves them out by a filter, too. */
function filterOf(metric: Metric): string | undefined {
  if (metric.of !== 'last_value') return metric.filter;
  const exists = `${kqlField(metric.field)}: *`;
  return metric.filter === undefined ? exists : `(${metric.filter}) and ${exists}`;
}

/** None are shown as 0, not as a gap: no document is a count of 0. */
function paramsOf(metric: Metric): Record<string, unknown> {
  switch (metric.of) {
    case 'count':
    case 'sum':
    case 'unique_count':
      return { emptyAsNull: false };
    case 'percentile':
      return { percentile: metric.percent };
    case 'last_value':
      return { sortField: metric.sortField, showArrayValues: false };
    default:
      return {};
  }
}
