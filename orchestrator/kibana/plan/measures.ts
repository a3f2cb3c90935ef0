import type { DashboardSettings } from '../../config/dashboard-schema.ts';
import type { Metric } from '../dashboard.ts';
import type { FieldFacts } from '../facts/facts.ts';
import { averagePattern, sumPattern } from './formats.ts';
import { isMoney, isNumberOf, judgeNumber, type NumberJudgement, type NumberRole } from './number-role.ts';
import type { Reason } from './reasons.ts';
import type { Words } from './words.ts';

/** A number that is shown as a sum or an average. */
export interface Measure {
  field: FieldFacts;
  of: 'sum' | 'average';
  label: string;
  judgement: NumberJudgement;
}

export interface Measures {
  /** Sums first, money before quantities before counts; then averages, those of which the name says so before others. */
  measures: Measure[];
  /** Of all numbers, by name. */
  roles: Map<string, NumberRole>;
  reasons: Reason[];
}

export function measuresOf(
  fields: readonly FieldFacts[],
  settings: DashboardSettings,
  labelOf: (name: string) => string,
): Measures {
  const areKnown = fields.some(({ values }) => values !== null);
  const judged = fields
    .filter(({ kind }) => kind === 'number')
    .map(field => ({ field, judgement: judge(field, settings, areKnown) }));
  const measures = judged.flatMap(({ field, judgement }): Measure[] => {
    const { role, word } = judgement;
    if (field.grouped === null || (role !== 'sum' && role !== 'average')) return [];
    // Where no values are known, names alone tell.
    if (field.values === null ? word === null : field.values.documents === 0) return [];
    return [{ field, of: role, label: labelOf(field.name), judgement }];
  });
  return {
    measures: measures.toSorted((a, b) => rank(a, settings) - rank(b, settings)),
    roles: new Map(judged.map(({ field, judgement }) => [field.name, judgement.role])),
    reasons: judged.map(({ field, judgement }) => ({ name: field.name, reason: judgement.reason })),
  };
}

/** `areKnown`: the values of fields were looked at; of very many columns not those of all. */
function judge(field: FieldFacts, { sums = [], averages = [] }: DashboardSettings, areKnown: boolean): NumberJudgement {
  const said = (role: 'sum' | 'average', what: string): NumberJudgement => ({
    role,
    reason: `${what}, as LOAD.dashboard says`,
    word: role,
  });
  if (sums.includes(field.name)) return said('sum', 'adds up');
  if (averages.includes(field.name)) return said('average', 'is averaged');
  if (areKnown && field.values === null) return { role: 'none', reason: UNKNOWN, word: null };
  return judgeNumber(field);
}

const UNKNOWN = 'is not known well enough';

function rank({ field, of, judgement }: Measure, { sums = [], averages = [] }: DashboardSettings): number {
  if (sums.includes(field.name) || averages.includes(field.name)) return 0;
  if (of === 'average') return judgement.word === null ? 5 : 4;
  return isMoney(judgement.word) ? 1 : isNumberOf(judgement.word) ? 3 : 2;
}

export function metricOf({ field, of, label }: Measure, words: Words): Metric {
  const pattern = of === 'sum' ? sumPattern(field) : averagePattern(field);
  return { label: words[of](label), of, field: field.name, format: { as: 'number', pattern } };
}
