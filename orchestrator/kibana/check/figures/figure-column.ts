import { fieldsOf, isFields, listOf, numberOf, textOf, type Fields } from '../json.ts';
import type { LensColumn } from '../lens/read-lens.ts';
import { isRecords } from '../lens/columns.ts';
import { queryOf } from './context.ts';

/** A figure of documents, as Elasticsearch computes it. */
export interface FigureColumn {
  column: LensColumn;
  /** Null: it is the number of documents, which every group has. */
  aggregation: Fields | null;
  /** The figure of a group, of which this is the answer to the aggregation. */
  read(group: Fields, answer: Fields): Figure;
  /** What groups are ordered by it with, after the name of the aggregation; null: they can't be. */
  orderPath: string | null;
}

export type Figure = number | string | null;

/** The column's figure, or null for one that is not computed here (a formula, a figure of another time). */
export function figureColumn(column: LensColumn): FigureColumn | null {
  const plain = column.ofOtherTime ? null : plainFigure(column);
  const filter = column.filter === null ? null : queryOf(column.filter);
  if (plain === null || filter === null) return plain;
  // As Kibana does for a figure with a filter of its own.
  return {
    column,
    aggregation: { filter, ...(plain.aggregation === null ? {} : { aggs: { value: plain.aggregation } }) },
    read: (_group, answer) => plain.read(answer, fieldsOf(answer['value'])),
    orderPath: plain.orderPath === null || plain.orderPath === '_count' ? '>_count' : `>value${plain.orderPath}`,
  };
}

function plainFigure(column: LensColumn): FigureColumn | null {
  const { operation, field, params } = column;
  if (operation === 'count' && isRecords(field))
    return { column, aggregation: null, read: group => numberOf(group['doc_count']), orderPath: '_count' };
  if (field === null) return null;
  const single = (aggregation: Fields): FigureColumn => ({
    column,
    aggregation,
    read: (_group, answer) => numberOf(answer['value']),
    orderPath: '',
  });
  switch (operation) {
    case 'count':
      return single({ value_count: { field } });
    case 'unique_count':
      return single({ cardinality: { field } });
    case 'average':
      return single({ avg: { field } });
    case 'sum':
    case 'min':
    case 'max':
      return single({ [operation]: { field } });
    case 'median':
      return percentileFigure(column, field, 50);
    case 'percentile':
      return percentileFigure(column, field, numberOf(params['percentile']) ?? 50);
    case 'standard_deviation':
      return {
        ...single({ extended_stats: { field } }),
        read: (_group, answer) => numberOf(answer['std_deviation']),
        orderPath: '[std_deviation]',
      };
    case 'last_value':
      return lastValueFigure(column, field, textOf(params['sortField']));
    default:
      return null;
  }
}

function percentileFigure(column: LensColumn, field: string, percent: number): FigureColumn {
  return {
    column,
    aggregation: { percentiles: { field, percents: [percent], keyed: false } },
    read: (_group, answer) => numberOf(fieldsOf(listOf(answer['values'])[0])['value']),
    orderPath: `[${percent}]`,
  };
}

function lastValueFigure(column: LensColumn, field: string, sortField: string | null): FigureColumn | null {
  if (sortField === null) return null;
  return {
    column,
    aggregation: {
      filter: { exists: { field } },
      aggs: { last: { top_hits: { size: 1, _source: false, fields: [field], sort: [{ [sortField]: 'desc' }] } } },
    },
    read: (_group, answer) => {
      const hit = fieldsOf(listOf(fieldsOf(fieldsOf(answer['last'])['hits'])['hits'])[0]);
      const [value] = listOf(fieldsOf(hit['fields'])[field]);
      return isFields(value) || value === undefined ? null : (value as Figure);
    },
    orderPath: null,
  };
}
