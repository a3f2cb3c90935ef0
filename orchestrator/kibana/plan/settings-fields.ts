import { closest } from '../../../default-etl/contract/contract.ts';
import type { DashboardSettings } from '../../config/dashboard-schema.ts';
import type { DatasetFacts, FieldFacts } from '../facts/facts.ts';

/** What of LOAD.dashboard the rows can't do: fields they have not, or of another kind. Sentences. */
export function settingsToCheck(facts: DatasetFacts, settings: DashboardSettings): string[] {
  const fields = new Map(facts.fields.map(field => [field.name, field]));
  const left = new Map(facts.leftOut.map(({ name, reason }) => [name, reason]));
  return named(settings).flatMap(({ key, name, isGood, what }) => {
    const field = fields.get(name);
    const said = `LOAD.dashboard.${key}: `;
    const reason = left.get(name);
    if (reason !== undefined) return [`${said}${name} is left out: ${reason}.`];
    if (field === undefined) return [`${said}${missing(name, [...fields.keys()])}`];
    return isGood(field) ? [] : [`${said}${name} is no ${what}: the index has it as ${field.type}.`];
  });
}

function missing(name: string, names: readonly string[]): string {
  const near = closest(name, names);
  return `the rows have no column ${name}${near === undefined ? '.' : `; did you mean ${near}?`}`;
}

interface Named {
  key: string;
  name: string;
  isGood: (field: FieldFacts) => boolean;
  what: string;
}

function named({ time, fields, hide, labels, sums, averages, filters }: DashboardSettings): Named[] {
  const any = () => true;
  const isNumber = ({ kind }: FieldFacts) => kind === 'number';
  const isGrouped = ({ grouped, kind }: FieldFacts) => grouped !== null && kind !== 'date' && kind !== 'geo_point';
  const all = (key: string, names: readonly string[] = [], isGood: Named['isGood'] = any, what = ''): Named[] =>
    names.map(name => ({ key, name, isGood, what }));
  return [
    ...all('time', time ? [time] : [], ({ kind, grouped }) => kind === 'date' && grouped !== null, 'date'),
    ...all('fields', fields),
    ...all('hide', hide),
    ...all('labels', Object.keys(labels ?? {})),
    ...all('sums', sums, isNumber, 'number'),
    ...all('averages', averages, isNumber, 'number'),
    ...all('filters', filters, isGrouped, 'field that can be filtered by'),
  ];
}
