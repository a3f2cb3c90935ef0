import { basename } from 'node:path';
import { isRecord } from '../../config/tree.ts';
import { whyBadRegex } from '../../config/regex.ts';
import { type Draft, leaveOut, literal, set, shown } from './draft.ts';

type Arguments = Record<string, unknown>;
type Step = string | Record<string, unknown>;

/** What becomes of a class: its steps; what has none goes to `leave`, with the reason. */
type Carry = (rest: Arguments, leave: (what: string, reason: string) => void) => Step[];

/** How pandas prints a time that nobody formatted. */
const ISO_TIME = '%Y-%m-%dT%H:%M:%S';
const NOTHING_READ = { null_values: [''] };

/** TRANSFORM, as far as the steps below make the documents that pypel's transformers make. `steps` undefined: none were named. */
export function carryTransformers(draft: Draft, steps: readonly Arguments[] | undefined): void {
  const carried = (steps ?? [{ name: 'Transformer' }]).flatMap(step => carryOne(draft, step));
  // In pypel an empty cell is nothing as soon as it is read; `minimal` says so, too.
  const [first] = carried;
  set(draft, 'TRANSFORM', first === 'minimal' ? carried : [NOTHING_READ, ...carried]);
}

function carryOne(draft: Draft, { name, ...rest }: Arguments): Step[] {
  const className = (typeof name === 'string' ? name : '').split('.').at(-1) ?? '';
  const carry = CLASSES[className];
  const described = Object.keys(rest).length > 0 ? `step ${className} ${shown('', rest)}` : `step ${className}`;
  if (carry === undefined) {
    leaveOut(draft, described, 'is no class of pypel; write it as a step of your own: `- module: ./my-step.ts`');
    return [];
  }
  return carry(rest, (what, reason) => leaveOut(draft, what === '' ? described : `step ${className} ${what}`, reason));
}

const CLASSES: Record<string, Carry> = {
  Transformer: carryTransformer,
  // Names of the documentation, which do what the one above does.
  BaseTransformer: carryTransformer,
  MinimalTransformer: carryTransformer,
  ColumnStripperTransformer: named({}, () => [{ header: { trim: true } }]),
  ColumnCapitaliserTransformer: named({}, () => [{ header: { trim: false, case: 'capitalise' } }]),
  ColumnReplacerTransformer: named({ column_replace_dict: isTexts }, ({ column_replace_dict: map }) => [
    { rename: { map: escaped(map as Arguments) } },
  ]),
  ColumnContenStripperTransformer: named({ columns_to_strip: isNames }, ({ columns_to_strip: columns }) => [
    { strip: columns },
  ]),
  ContentReplacerTransformer: ({ replace_dict: pairs, ...others }, leave) => {
    leaveRest(others, leave);
    return contentSteps(pairs, 'replace_dict', leave);
  },
  // What is empty is null from the beginning.
  NullValuesReplacerTransformer: named({}, () => []),
  DateParserTransformer: named(
    { date_columns: isNames },
    ({ date_columns: columns, date_format: format = '%Y-%m-%d' }) => [
      { parse_dates: { columns, format, output: ISO_TIME } },
    ],
    ['date_format'],
  ),
  DateFormatterTransformer: named(
    { date_columns: isNames },
    ({ date_columns: columns, date_format: format = '%Y-%m-%d' }) => [{ format_dates: { columns, format } }],
    ['date_format'],
  ),
  MergerTransformer: carryMerger,
};

/** A class whose arguments are these, and `optional` ones of text. Without one that it needs it is left out. */
function named(
  needed: Record<string, (value: unknown) => boolean>,
  make: (rest: Arguments) => Step[],
  optional: readonly string[] = [],
): Carry {
  return ({ ...rest }, leave) => {
    const wrong = Object.entries(needed).find(([key, isRight]) => !isRight(rest[key]));
    if (wrong) {
      leave('', `needs ${wrong[0]}, which pypel takes from a program alone; write the step by hand`);
      return [];
    }
    const known = [...Object.keys(needed), ...optional];
    leaveRest(Object.fromEntries(Object.entries(rest).filter(([key]) => !known.includes(key))), leave);
    return make(rest);
  };
}

function leaveRest(others: Arguments, leave: Parameters<Carry>[1]): void {
  for (const [key, value] of Object.entries(others)) leave(`${key} ${shown(key, value)}`, 'has no option here');
}

/** Headers trimmed, replaced, upper-cased · strip · contents · dates, in the order in which the class does it. */
function carryTransformer(rest: Arguments, leave: Parameters<Carry>[1]): Step[] {
  const {
    strip,
    column_replace: names,
    df_replace: contents,
    date_format: format,
    date_columns: dates,
    ...others
  } = rest;
  leaveRest(others, leave);
  const regex = isEmpty(names) ? {} : expressions(names, 'column_replace', leave);
  const hasNames = Object.keys(regex).length > 0;
  const columns = typeof strip === 'string' ? [strip] : strip;
  return [
    ...(hasNames
      ? [{ header: { trim: true } }, { rename: { regex } }, { header: { trim: false, case: 'upper' } }]
      : ['minimal']),
    ...(isNames(columns) ? [{ strip: columns }] : []),
    ...(isEmpty(contents) ? [] : contentSteps(contents, 'df_replace', leave)),
    ...dateSteps(format, dates, leave),
  ];
}

function dateSteps(format: unknown, columns: unknown, leave: Parameters<Carry>[1]): Step[] {
  if (isEmpty(format) && isEmpty(columns)) return [];
  if (typeof format === 'string' && isNames(columns)) return [{ format_dates: { columns, format } }];
  leave('', 'date_format and date_columns do nothing without each other');
  return [];
}

/** Replacements in all columns, and those of one column alone: `{COLUMN: {old: new}}`. */
function contentSteps(pairs: unknown, key: string, leave: Parameters<Carry>[1]): Step[] {
  if (!isRecord(pairs)) {
    leave(`${key} ${shown(key, pairs)}`, 'is no map of expressions to text');
    return [];
  }
  const entries = Object.entries(pairs);
  const everywhere = Object.fromEntries(entries.filter(([, value]) => !isRecord(value)));
  const all = expressions(everywhere, key, leave);
  const byColumn = entries.flatMap(([column, value]) => {
    if (!isRecord(value)) return [];
    const regex = expressions(value, `${key}.${column}`, leave);
    return Object.keys(regex).length > 0 ? [{ replace: { columns: [column], regex } }] : [];
  });
  return [...(Object.keys(all).length > 0 ? [{ replace: { regex: all } }] : []), ...byColumn];
}

/** Those that RE2 takes, and that become text or null. */
function expressions(pairs: unknown, key: string, leave: Parameters<Carry>[1]): Record<string, string | null> {
  const taken: Record<string, string | null> = {};
  for (const [pattern, value] of isRecord(pairs) ? Object.entries(pairs) : []) {
    const reason = whyBadRegex(pattern);
    if (reason !== undefined) leave(`${key} ${JSON.stringify(pattern)}`, `is no expression of RE2: ${reason}`);
    else if (typeof value === 'string') taken[pattern] = literal(value);
    else if (value === null) taken[pattern] = null;
    else
      leave(
        `${key} ${JSON.stringify(pattern)}`,
        `becomes ${JSON.stringify(value)}, and only text or null can be written here`,
      );
  }
  return taken;
}

/** A reference that is named by its path; in pypel's own JSON it never could be. */
function carryMerger({ ref, mergekey, how = 'inner', ...others }: Arguments, leave: Parameters<Carry>[1]): Step[] {
  leaveRest(others, leave);
  const isKey = typeof mergekey === 'string' || isNames(mergekey);
  if (typeof ref !== 'string' || !isKey || (how !== 'inner' && how !== 'left')) {
    leave('', 'needs a file in ref, columns in mergekey, and inner or left in how; write the step merge by hand');
    return [];
  }
  leave(`ref ${ref}`, `copy the file into config/<dataset>/ as ${basename(ref)}; the step is there`);
  return [{ merge: { file: basename(ref), on: mergekey, how, header: 'keep' } }];
}

function escaped(texts: Arguments): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, literal(String(value))]));
}

function isTexts(value: unknown): boolean {
  return (
    isRecord(value) && Object.keys(value).length > 0 && Object.values(value).every(text => typeof text === 'string')
  );
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(name => typeof name === 'string');
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}
