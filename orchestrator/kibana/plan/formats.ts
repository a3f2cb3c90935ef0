import type { FieldFormat } from '../dashboard.ts';
import type { FieldFacts } from '../facts/facts.ts';
import type { NumberRole } from './number-role.ts';

export type Language = 'en' | 'fr';

/**
 * How Kibana writes a field's values; undefined where its own way does. A pattern says where thousands are set apart
 * and how many decimals there are; which characters are used for that is Kibana's setting
 * `format:number:defaultLocale` alone, for all dashboards.
 */
export function fieldFormat(
  field: FieldFacts,
  role: NumberRole | undefined,
  language: Language,
): FieldFormat | undefined {
  if (field.kind === 'number') return { as: 'number', pattern: numberPattern(field, role) };
  return field.kind === 'date' ? dateFormat(field, language) : undefined;
}

/** Of a sum, or of the values. */
export function numberPattern(field: FieldFacts, role: NumberRole | undefined): string {
  // Without thousands: 2013, not 2,013.
  const isPlain = role === 'year' || role === 'none' || role === 'group';
  return (isPlain ? '0' : '0,0') + decimals(decimalsOf(field, role === 'none' ? 4 : 2));
}

/** Of an average: one decimal more than the values have, unless it is large. */
export function averagePattern(field: FieldFacts): string {
  const average = Math.abs(field.values?.number?.average ?? 0);
  return `0,0${decimals(average >= 1_000 ? 0 : Math.max(1, decimalsOf(field)))}`;
}

/** Of a sum: none where it is large. */
export function sumPattern(field: FieldFacts): string {
  const { documents = 0, number } = field.values ?? {};
  const sum = Math.abs((number?.average ?? 0) * documents);
  return `0,0${decimals(sum >= 10_000 ? 0 : decimalsOf(field))}`;
}

function decimals(count: number): string {
  return count === 0 ? '' : `.${'0'.repeat(count)}`;
}

/** As values have, two at most unless told; small ones need more. */
function decimalsOf({ samples, values }: FieldFacts, most = 2): number {
  if (values?.number?.isWhole) return 0;
  const seen = Math.max(0, ...samples.map(text => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0));
  const largest = Math.max(Math.abs(values?.number?.max ?? 1), Math.abs(values?.number?.min ?? 1));
  return Math.min(seen, largest < 1 ? 4 : most);
}

/** In which time zone they are shown is a setting of Kibana (`dateFormat:tz`), for all dashboards. */
function dateFormat({ samples, values }: FieldFacts, language: Language): FieldFormat {
  const day = language === 'fr' ? 'DD/MM/YYYY' : 'YYYY-MM-DD';
  const hasTimes = values?.date?.hasTimes ?? samples.some(text => text.includes(':'));
  return { as: 'date', pattern: hasTimes ? `${day} HH:mm` : day };
}
