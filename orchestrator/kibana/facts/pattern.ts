import type { Load } from '../../../default-etl/contract/contract.ts';

/**
 * Under which name Kibana finds the rows of all files of a dataset. Of indices with a date suffix it is the first
 * alias that they share, else a pattern of the name with what all suffixes begin with.
 */
export function patternOf(load: Pick<Load, 'index' | 'date_suffix' | 'aliases'>, dataset: string): string {
  const { index = dataset, date_suffix: suffix = '', aliases = [] } = load;
  if (suffix === '') return index;
  const [fixed = ''] = suffix.split('%');
  return aliases[0] ?? `${index}${fixed}*`;
}
