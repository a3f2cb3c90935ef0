import { isAboutAnswer, isUsualName } from './list-path.ts';
import { isObject, isScalar, lengthOf, type Members, type Sample } from './value-sample.ts';

/** A table that is no list of objects, and where it is in its document. */
export interface TableShape {
  /**
   * `arrays`: rows are lists of values · `columns`: an object of columns, each an object of values by row · `lists`: an
   * object of columns, each a list of values · `members`: an object of rows, each an object.
   */
  kind: 'arrays' | 'columns' | 'lists' | 'members';
  path: readonly string[];
  /** Of the columns, where the document has them beside the rows. */
  names?: readonly string[];
  /** Of the rows: what pandas calls the index, where it does more than count them. */
  index?: readonly unknown[];
  /** Rows, or columns, stand under names that do not merely count them: they are values. */
  hasKeys: boolean;
  confidence: number;
  reason: string;
}

/** More of the text is needed to tell. */
export const MORE = 'more';

const MAX_DEPTH = 3;
/** Of the text that an object within another takes, where nothing else tells that it is the table. */
const MOST_OF_TEXT = 0.8;
/** Members that a beginning must show where it shows no end. */
const ENOUGH = 20;
/** Of one column alone. */
const FEWEST_LABELS = 3;
/** Under these a document tells the names of its columns, or where they are. */
const OF_NAMES =
  /^(columns?|cols|fields?|headers?|head|header_?row|names|(column|field)_?(names|defs)|labels|keys|variables|attributes|meta(data)?|schema|view|structure)$/i;
/** Under these an element of such a list has its name. */
const NAME_KEYS = [
  'name',
  'label',
  'fieldName',
  'field_name',
  'column_name',
  'columnName',
  'field',
  'title',
  'id',
  'key',
];
/** What the answers of Google's Sheets have beside their rows. */
const OF_SHEETS = /^(range|majorDimension)$/;
const OF_ROWS = /^(data(_?rows)?|rows|values|records|results?|items|content|body|table)$/i;

/** The table that a document is, where it is none of objects in a list; undefined where nothing shows one. */
export function findShape({ value, isWhole }: Sample): TableShape | typeof MORE | undefined {
  if (Array.isArray(value)) {
    const reason = 'the records are lists of values';
    return isMatrix(value) ? { kind: 'arrays', path: [], hasKeys: false, confidence: 0.95, reason } : undefined;
  }
  return isObject(value) ? shapeIn(value, [], isWhole) : undefined;
}

function shapeIn(value: Members, path: readonly string[], isWhole: boolean): TableShape | typeof MORE | undefined {
  const found = splitIn(value, path, isWhole) ?? dictionaryIn(value, path, isWhole) ?? listsIn(value, path, isWhole);
  if (found !== undefined || path.length === MAX_DEPTH) return found ?? undefined;
  const inner = mainMember(value);
  return inner && shapeIn(inner.value, [...path, inner.key], isWhole);
}

/** Rows as lists, with the names of the columns beside them or without. */
function splitIn(value: Members, path: readonly string[], isWhole: boolean): TableShape | typeof MORE | undefined {
  const names = namesIn(value, 0);
  const rows = Object.entries(value).find(([key, list]) => isRows(key, list));
  if (rows === undefined) return names && !isWhole && isSplitBegun(value) ? MORE : undefined;
  const [key, list] = [rows[0], listsOf(rows[1] as unknown[])];
  const shape = { kind: 'arrays', path: [...path, key], hasKeys: false } as const;
  const fits = list.length === 0 ? Object.hasOwn(value, 'columns') : longest(list) === names?.length;
  if (names !== undefined && fits)
    return {
      ...shape,
      names,
      ...indexOf(value, list.length, isWhole),
      confidence: 0.95,
      reason: 'the document has the names of its columns, and its rows as lists',
    };
  if (list.length === 0 || !isMainMember(value, key)) return undefined;
  return { ...shape, confidence: 0.8, reason: 'it is a list of lists of values, and little stands beside it' };
}

function longest(rows: readonly unknown[][]): number {
  return rows.reduce((most, row) => Math.max(most, row.length), 0);
}

/** Whether a document has names of columns, and lists of values where rows usually are. */
export function hasNamesAndLists(value: Members): boolean {
  return (
    namesIn(value, 0) !== undefined &&
    Object.entries(value).some(([key, list]) => isRows(key, list) && listsOf(list as unknown[]).length > 0)
  );
}

function isRows(key: string, list: unknown): boolean {
  return !isNameList(key, list) && OF_ROWS.test(key) && isRowList(list);
}

/** pandas' `split` writes the index before the rows: of a long one the beginning shows no row. */
function isSplitBegun(value: Members): boolean {
  return Object.keys(value).every(key => key === 'columns' || key === 'index') && Array.isArray(value['index']);
}

function indexOf(value: Members, rows: number, isWhole: boolean): { index?: readonly unknown[] } {
  const { index } = value;
  if (!Array.isArray(index) || !(isWhole ? index.length === rows : index.length >= rows)) return {};
  return index.every((label, position) => label === position) ? {} : { index };
}

/** The names of columns that a document has: a list of texts, or of objects with a name each; of two lines of names both. */
function namesIn(value: Members, depth: number): readonly string[] | undefined {
  for (const [key, member] of Object.entries(value)) {
    if (!OF_NAMES.test(key)) continue;
    if (isNameList(key, member)) return (member as unknown[]).map(nameOf);
    const inner = isObject(member) && depth < MAX_DEPTH ? namesIn(member, depth + 1) : undefined;
    if (inner) return inner;
  }
  return undefined;
}

function isNameList(key: string, list: unknown): boolean {
  if (!OF_NAMES.test(key) || !Array.isArray(list) || list.length === 0) return false;
  return list.every(item => typeof item === 'number' || nameOf(item) !== '');
}

function nameOf(item: unknown): string {
  if (typeof item === 'string' || typeof item === 'number') return String(item);
  if (Array.isArray(item))
    return item.every(isScalar) ? item.filter(part => part !== '' && part !== null).join(' ') : '';
  if (!isObject(item)) return '';
  const key = NAME_KEYS.find(candidate => typeof item[candidate] === 'string');
  return key === undefined ? '' : (item[key] as string);
}

/** Columns of values by row, or rows under names. */
function dictionaryIn(value: Members, path: readonly string[], isWhole: boolean): TableShape | undefined {
  const members = Object.entries(value);
  if (members.length === 0 || !members.every(([, member]) => isObject(member) && Object.keys(member).length > 0))
    return undefined;
  // The last may be cut.
  const seen = (isWhole || members.length < 2 ? members : members.slice(0, -1)).map(([, member]) => member as Members);
  const outer = members.map(([key]) => key);
  const inner = Object.keys(seen[0] as Members);
  if (isCounted(inner) && !isCounted(outer) && seen.every(member => isCounted(Object.keys(member))))
    return isWhole || members.length > 1 || inner.length > ENOUGH
      ? columnsOf(path, false, 0.95, 'its members are columns whose values are counted')
      : undefined;
  if (members.length === 1) {
    const column = soleColumn(path, seen[0] as Members, { isWhole, mayBeRow: isCounted(outer) });
    if (column || !isCounted(outer)) return column;
  }
  if (isCounted(outer)) {
    if (!isCounted(inner)) return membersOf(path, false, 0.95, 'its members are rows that are counted');
    return members.length > 1 && areAlike(seen)
      ? columnsOf(path, false, 0.7, 'its members and theirs are counted, as columns and rows of pandas are')
      : undefined;
  }
  return members.length > 1 && areAlike(seen) ? namedDictionary({ path, outer, inner, seen }) : undefined;
}

/**
 * One column whose rows stand under numbers or dates; what goes on behind the beginning may have more, and any names:
 * the whole text has to show that.
 */
function soleColumn(
  path: readonly string[],
  column: Members,
  { isWhole, mayBeRow }: { isWhole: boolean; mayBeRow: boolean },
): TableShape | undefined {
  const labels = Object.keys(column);
  if (labels.length < (isWhole ? FEWEST_LABELS : ENOUGH) || !Object.values(column).every(isScalar)) return undefined;
  if (labels.every(isLabel)) return columnsOf(path, true, 0.7, 'its first member has values by number or date');
  return isWhole || mayBeRow
    ? undefined
    : columnsOf(path, true, 0.6, 'its first member has a value for each of many names');
}

interface Dictionary {
  path: readonly string[];
  outer: readonly string[];
  inner: readonly string[];
  seen: readonly Members[];
}

/** Numbers and dates count rows; what is all of one kind is a column. */
function namedDictionary({ path, outer, inner, seen }: Dictionary): TableShape | undefined {
  const [outerLabels, innerLabels] = [outer.every(isLabel), inner.every(isLabel)];
  if (innerLabels && !outerLabels && inner.length > 1)
    return columnsOf(path, true, 0.8, 'its members are columns with values by number or date');
  if (outerLabels && !innerLabels) return membersOf(path, true, 0.8, 'its members are rows by number or date');
  if (outerLabels || innerLabels || !seen.every(member => Object.values(member).every(isScalar))) return undefined;
  const isUniform = (lists: ReadonlyArray<readonly unknown[]>) => lists.every(isOfOneKind);
  const [down, across] = [
    isUniform(seen.map(Object.values)),
    isUniform(inner.map(key => seen.map(member => member[key]))),
  ];
  if (across && !down && outer.length > 2 && inner.length > 1)
    return membersOf(path, true, 0.7, 'its members are alike, and each of theirs is of one kind');
  if (down && !across && inner.length > 2)
    return columnsOf(path, true, 0.7, 'its members have the same keys, and are of one kind each');
  return undefined;
}

function columnsOf(path: readonly string[], hasKeys: boolean, confidence: number, reason: string): TableShape {
  return { kind: 'columns', path, hasKeys, confidence, reason };
}

function membersOf(path: readonly string[], hasKeys: boolean, confidence: number, reason: string): TableShape {
  return { kind: 'members', path, hasKeys, confidence, reason };
}

/** Columns as lists of the same length. */
function listsIn(value: Members, path: readonly string[], isWhole: boolean): TableShape | undefined {
  const lists = Object.values(value).filter(Array.isArray) as unknown[][];
  const [first] = lists;
  if (first === undefined || lists.length < Object.keys(value).length || !lists.every(list => list.every(isScalar)))
    return undefined;
  const isLong = first.length > ENOUGH;
  if (lists.length < 2 ? isWhole || !isLong : first.length < 2) return undefined;
  if (!(isWhole ? lists : lists.slice(0, -1)).every(list => list.length === first.length)) return undefined;
  const confidence = first.length > 2 ? 0.8 : 0.6;
  return {
    kind: 'lists',
    path,
    hasKeys: false,
    confidence,
    reason: 'its members are lists of the same length, as columns are',
  };
}

/**
 * The one object in an object that is its content. Only the longest may be: looking at all members for each would take
 * for ever.
 */
function mainMember(value: Members): { key: string; value: Members } | undefined {
  const objects = Object.entries(value).filter((entry): entry is [string, Members] => isObject(entry[1]));
  const lengths = objects.map(([, member]) => lengthOf(member));
  const most = lengths.reduce((longer, length) => Math.max(longer, length), 0);
  const [key, main] = objects[lengths.indexOf(most)] ?? [];
  return key !== undefined && main !== undefined && isMainMember(value, key) ? { key, value: main } : undefined;
}

/** Whether nothing stands beside this member but what is about an answer, or it takes most of the text. */
function isMainMember(value: Members, key: string): boolean {
  const others = Object.entries(value).filter(([other]) => other !== key);
  const isAlone = others.every(
    ([other, member]) => isAboutAnswer([other]) || OF_SHEETS.test(other) || (isScalar(member) && isUsualName(other)),
  );
  if (isAlone && (others.length === 0 || isUsualName(key))) return true;
  return lengthOf(value[key]) > MOST_OF_TEXT * lengthOf(value);
}

/** Lists of values, a point on a map or a matrix within a record aside. */
function isRowList(list: unknown): boolean {
  return Array.isArray(list) && (list.length === 0 || isMatrix(list));
}

function isMatrix(list: readonly unknown[]): boolean {
  const rows = listsOf(list);
  return Array.isArray(list[0]) && 2 * rows.length > list.length && rows.some(row => row.some(isScalar));
}

/** Those of the values that are lists. */
export function listsOf(list: readonly unknown[]): unknown[][] {
  return list.filter(Array.isArray) as unknown[][];
}

/** Whether keys count from 0. */
export function isCounted(keys: readonly string[]): boolean {
  return keys.length > 0 && keys.every((key, position) => key === String(position));
}

/** A whole number, or what begins as a date does. */
function isLabel(key: string): boolean {
  return /^-?\d+$|^\d{4}-\d{2}(-\d{2}([T ].*)?)?$/.test(key);
}

/** Whether objects have the same keys, in whatever order. */
export function areAlike(members: readonly Members[]): boolean {
  const keys = (member: Members) => Object.keys(member).toSorted().join('\0');
  const first = keys(members[0] as Members);
  return members.every(member => keys(member) === first);
}

function isOfOneKind(values: readonly unknown[]): boolean {
  return new Set(values.filter(value => value !== null).map(value => typeof value)).size < 2;
}
