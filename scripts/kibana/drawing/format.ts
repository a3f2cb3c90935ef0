import { fieldsOf, numberOf, textOf } from '../../../orchestrator/kibana/check/json.ts';
import type { LensColumn } from '../../../orchestrator/kibana/check/lens/read-lens.ts';
import { isRecords } from '../../../orchestrator/kibana/check/lens/columns.ts';
import type { FieldFormat } from '../../../orchestrator/kibana/check/reading.ts';
import type { MappedView } from '../../../orchestrator/kibana/check/server/check-fields.ts';

/** Writes a value as Kibana would in this language (BCP 47); numbers by patterns of Numeral, dates by those of Moment. */
export function formatValue(value: unknown, format: FieldFormat | null, locale: string): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value)) return value.map(one => formatValue(one, format, locale)).join(', ');
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value === 'boolean') return String(value);
  switch (format?.id) {
    case 'number':
    case 'percent':
      return numeral(Number(value), textOf(format.params['pattern']) ?? '0,0.[000]', locale);
    case 'bytes':
      return bytes(Number(value), locale);
    case 'duration':
      return duration(Number(value), textOf(format.params['inputFormat']) ?? 'seconds', locale);
    case 'date':
      return moment(value as string | number, textOf(format.params['pattern']) ?? 'YYYY-MM-DD HH:mm', locale);
    case 'url':
      return (textOf(format.params['labelTemplate']) ?? '{{value}}').replaceAll('{{value}}', String(value as string));
    default:
      return typeof value === 'number' ? numeral(value, '0,0.[000]', locale) : String(value as string);
  }
}

const OF_COUNTS = new Set(['count', 'unique_count']);

/** The format of a column of Lens: its own, else the field's. */
export function columnFormat(column: LensColumn, { view, fields }: MappedView): FieldFormat | null {
  const own = fieldsOf(column.params['format']);
  const ownId = textOf(own['id']);
  if (ownId !== null) return ownFormat(ownId, fieldsOf(own['params']));
  if (OF_COUNTS.has(column.operation) || column.field === null || isRecords(column.field))
    return { id: 'number', params: { pattern: '0,0' } };
  const ofField = view.formats.get(column.field);
  if (ofField !== undefined) return ofField;
  return fields.get(column.field)?.kind === 'date' ? { id: 'date', params: {} } : null;
}

/** The formats of Lens have decimals in place of patterns. */
function ownFormat(id: string, params: Record<string, unknown>): FieldFormat {
  const decimals = numberOf(params['decimals']) ?? 2;
  const fraction = decimals === 0 ? '' : `.${'0'.repeat(decimals)}`;
  if (id === 'number') return { id, params: { pattern: `0,0${fraction}` } };
  if (id === 'percent') return { id, params: { pattern: `0,0${fraction}%` } };
  if (id === 'custom') return { id: 'number', params };
  if (id === 'duration') return { id, params: { inputFormat: params['fromUnit'] ?? 'seconds' } };
  return { id, params };
}

function numeral(value: number, pattern: string, locale: string): string {
  if (Number.isNaN(value)) return 'NaN';
  const percent = pattern.includes('%');
  const [, fraction = ''] = pattern.replace(/[^0.,[\]]/g, '').split('.');
  const fixed = fraction.replace(/\[.*\]?/, '').length;
  const most = fraction.replaceAll(/[[\]]/g, '').length;
  return new Intl.NumberFormat(locale, {
    style: percent ? 'percent' : 'decimal',
    useGrouping: pattern.includes(','),
    minimumFractionDigits: Math.min(fixed, most),
    maximumFractionDigits: most,
    ...(pattern.includes('a') ? { notation: 'compact' as const } : {}),
  }).format(value);
}

function bytes(value: number, locale: string): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const at = value === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(Math.abs(value)) / 10));
  return `${numeral(value / 1024 ** at, '0,0.[0]', locale)}${units[at]}`;
}

const SECONDS: Readonly<Record<string, number>> = {
  milliseconds: 0.001,
  seconds: 1,
  minutes: 60,
  hours: 3600,
  days: 86_400,
};

function duration(value: number, unit: string, locale: string): string {
  const seconds = value * (SECONDS[unit] ?? 1);
  const units: Array<[number, string]> = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const found = units.find(([size]) => Math.abs(seconds) >= size);
  if (found === undefined) return `${numeral(seconds * 1000, '0,0.[0]', locale)} ms`;
  return `${numeral(seconds / found[0], '0,0.[0]', locale)} ${found[1]}`;
}

/** In UTC. */
export function moment(value: string | number, pattern: string, locale: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return String(value);
  const pad = (part: number, size = 2) => String(part).padStart(size, '0');
  const named = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }).format(date);
  const parts: Readonly<Record<string, () => string>> = {
    YYYY: () => pad(date.getUTCFullYear(), 4),
    YY: () => pad(date.getUTCFullYear() % 100),
    MMMM: () => named({ month: 'long' }),
    MMM: () => named({ month: 'short' }),
    MM: () => pad(date.getUTCMonth() + 1),
    M: () => String(date.getUTCMonth() + 1),
    DD: () => pad(date.getUTCDate()),
    D: () => String(date.getUTCDate()),
    HH: () => pad(date.getUTCHours()),
    mm: () => pad(date.getUTCMinutes()),
    ss: () => pad(date.getUTCSeconds()),
    SSS: () => pad(date.getUTCMilliseconds(), 3),
  };
  return pattern.replaceAll(
    /\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|mm|ss|SSS/g,
    (token, literal: string | undefined) => literal ?? parts[token]?.() ?? token,
  );
}
