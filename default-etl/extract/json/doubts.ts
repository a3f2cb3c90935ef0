import { isObject, isScalar, lengthOf, type Members } from './value-sample.ts';
import { areAlike, findShape, hasNamesAndLists, isCounted, MORE } from './table-shape.ts';

/** Records of more are a list that somebody made of records. */
const FEW_RECORDS = 4;
const MOST_OF_TEXT = 0.5;

/**
 * What speaks against reading a value as the records that it is read as, an object as one or a list as many; undefined
 * where nothing does.
 */
export function doubtOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return doubtOfList(value.filter(isObject));
  return isObject(value) ? doubtOfRecord(value) : undefined;
}

/** A few records, of which one holds a list that is most of the text: the answers of databases, and what phpMyAdmin exports. */
function doubtOfList(records: readonly Members[]): string | undefined {
  if (records.length === 0 || records.length > FEW_RECORDS) return undefined;
  const length = lengthOf(records);
  const lists = records.flatMap(record => Object.entries(record).filter(([, member]) => isListOfRecords(member)));
  const [key, list] = lists.find(([, member]) => lengthOf(member) > MOST_OF_TEXT * length) ?? [];
  if (key === undefined || (list as unknown[]).length <= records.length) return undefined;
  return `the list ${JSON.stringify(key)} in one of them takes most of the text, and may be the table: export that alone`;
}

function isListOfRecords(value: unknown): boolean {
  return Array.isArray(value) && value.length > 1 && value.every(isObject);
}

function doubtOfRecord(record: Members): string | undefined {
  const members = Object.values(record);
  if (members.length > 1 && members.every(isObject) && areAlike(members))
    return 'its members have the same keys, as columns or rows of a table have: export it as a list of records if they are';
  if (members.length > 1 && members.every(isScalar) && isCounted(Object.keys(record)))
    return 'its keys count from 0, as the rows of one column do: export it as a list if they are';
  if (hasNamesAndLists(record))
    return 'it has the names of columns, and lists of values that are no rows of them: export its rows as records';
  for (const [key, member] of Object.entries(record)) {
    const shape = isObject(member) ? findShape({ value: member, isWhole: true }) : undefined;
    if (shape !== undefined && shape !== MORE)
      return `${JSON.stringify(key)} in it looks like a table (${shape.reason}): export that alone if it is`;
  }
  return undefined;
}
