import type { FieldFormat } from '../dashboard.ts';

/** As a data view holds it (`fieldFormatMap`). */
export function fieldFormat(format: FieldFormat): { id: string; params: Record<string, unknown> } {
  switch (format.as) {
    case 'number':
      return { id: 'number', params: { pattern: format.pattern } };
    case 'date':
      return { id: 'date', params: { pattern: format.pattern } };
    case 'bytes':
      return { id: 'bytes', params: { pattern: '0,0.[0]b' } };
    case 'duration':
      return {
        id: 'duration',
        params: { inputFormat: format.unit, outputFormat: 'humanizePrecise', outputPrecision: 1, useShortSuffix: true },
      };
    case 'url':
      return {
        id: 'url',
        params: { urlTemplate: format.template, labelTemplate: format.label, openLinkInCurrentTab: false },
      };
  }
}
