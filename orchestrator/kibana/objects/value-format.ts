import type { FieldFormat } from '../dashboard.ts';

/**
 * How Lens writes the values of a metric; undefined where Lens has no such format, and that of the field holds.
 *
 * @see https://github.com/elastic/kibana/blob/main/x-pack/platform/plugins/shared/lens/common/expressions/defs/format_column/format_column_fn.ts
 */
export function valueFormat(format: FieldFormat): { id: string; params: Record<string, unknown> } | undefined {
  switch (format.as) {
    case 'number':
      return { id: 'custom', params: { decimals: 0, pattern: format.pattern } };
    case 'bytes':
      return { id: 'bytes', params: { decimals: 1 } };
    case 'duration':
      return {
        id: 'duration',
        params: { decimals: 1, fromUnit: format.unit, toUnit: 'humanizePrecise', compact: true },
      };
    case 'date':
    case 'url':
      return undefined;
  }
}
