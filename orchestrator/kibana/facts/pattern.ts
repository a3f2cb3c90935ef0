import type { Load } from '../../../default-etl/contract/contract.ts';

/**
 * Under which name Kibana finds the rows of all files of a dataset. Of indices with a date suffix it is the first
 * alias that they share, else a pattern of the name with all that is the same in each suffix: the less it leaves open,
 * the fewer indices of other datasets it has, too.
 */
export function patternOf(load: Pick<Load, 'index' | 'date_suffix' | 'aliases'>, dataset: string): string {
  const { index = dataset, date_suffix: suffix = '', aliases = [] } = load;
  if (suffix === '') return index;
  return aliases[0] ?? index + suffix.replaceAll(/(%.)+/g, '*');
}
