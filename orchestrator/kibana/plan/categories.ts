import type { FieldFacts, Values } from '../facts/facts.ts';
import { wordsOf } from '../words-of.ts';
import type { Reason } from './reasons.ts';

/** A field by whose values rows are grouped and filtered. */
export interface Category {
  field: FieldFacts & { grouped: string; values: Values };
  distinct: number;
  /** Whether there are so few values that all of them are shown. */
  isFew: boolean;
}

export interface Categories {
  /** Those that tell most first. */
  chosen: Category[];
  /** What rows are not grouped by, and why. */
  reasons: Reason[];
}

const FEW = 12;
const SEVERAL = 50;
/** More are neither shown nor chosen from. */
const MOST = 1_000;
/** Ten values must have so much of the rows for a chart of them to say something. */
const LEAST_TOP = 0.25;
const LEAST_SHARE = 0.1;

/** Which of these fields rows are grouped by. `numbers`: names of numbers that stand for classes. */
export function categoriesOf(
  fields: readonly FieldFacts[],
  rows: number | null,
  numbers: ReadonlySet<string>,
): Categories {
  const reasons: Reason[] = [];
  const found: Array<Category & { score: number }> = [];
  for (const [position, field] of fields.entries()) {
    if (field.kind === 'number' && !numbers.has(field.name)) continue;
    if (!GROUPED.has(field.kind)) continue;
    const why = whyNot(field, rows);
    if (why === null) found.push({ ...asCategory(field), score: score(field, rows) - position * 0.02 });
    else reasons.push({ name: field.name, reason: why });
  }
  const ordered = found.toSorted((a, b) => b.score - a.score);
  const chosen = ordered.filter(category => {
    const twin = ordered.find(other => other !== category && isTwin(category, other) && isBetter(other, category));
    if (twin) reasons.push({ name: category.field.name, reason: `says the same as ${twin.field.name}` });
    return twin === undefined;
  });
  return { chosen, reasons };
}

const GROUPED: ReadonlySet<string> = new Set(['keyword', 'boolean', 'text', 'ip', 'number']);

function asCategory(field: FieldFacts): Category {
  const distinct = field.values?.distinct ?? 0;
  return { field: field as Category['field'], distinct, isFew: distinct <= FEW };
}

/** Goes on from the field's name; null where rows can be grouped by it. */
function whyNot({ name, grouped, kind, values, samples }: FieldFacts, rows: number | null): string | null {
  if (grouped === null) return 'is text that Elasticsearch does not group';
  if (values === null) return 'is not known well enough';
  const { documents, distinct, top = [] } = values;
  if (documents === 0 || distinct === null || distinct === 0) return 'has no value';
  if (distinct === 1) return 'is the same in all rows';
  if (samples.length > 0 && samples.every(text => /^-?\d[\d\s]*,\d+$/.test(text))) {
    return 'has decimal commas, which are text to the index: the step decimal_comma mends that';
  }
  if (distinct > FEW && isDateName(name))
    return 'has dates that the index keeps as text: the step parse_dates mends that';
  if (samples.length > 0 && samples.every(text => /^[[{]/.test(text))) return 'has lists or objects';
  if (samples.reduce((sum, text) => sum + text.length, 0) > 60 * samples.length) return 'has long texts';
  if (rows !== null && documents < LEAST_SHARE * rows) return 'is empty in nine of ten rows';
  if (distinct > MOST) return `has ${distinct} different values`;
  if (documents >= 20 && distinct > 0.5 * documents) return 'has another value in nearly every row';
  const isQuantity = kind !== 'number' && distinct > FEW && top.some(({ value }) => /^-\d|^\d+[.,]\d+$/.test(value));
  return isQuantity ? 'has numbers that the index keeps as text' : null;
}

function isDateName(name: string): boolean {
  return wordsOf(name).some(word => word === 'date' || word === 'dates');
}

/** Whether a chart of its most frequent values tells something. */
export function isCharted({ field: { values }, distinct }: Category): boolean {
  if (distinct <= SEVERAL) return true;
  const ten = (values.top ?? []).slice(0, 10).reduce((sum, { documents }) => sum + documents, 0);
  return ten >= LEAST_TOP * values.documents;
}

/** Names of things that people look for: a control finds them by their letters, however many there are. */
export function isSought({ kind, grouped, values, name }: FieldFacts): boolean {
  if (grouped === null || (kind !== 'keyword' && kind !== 'text') || (values?.distinct ?? 0) < 2) return false;
  const words = wordsOf(name);
  return words.some(word => POSTAL.has(word)) || (!isCode(name) && words.some(word => SOUGHT.has(word)));
}

const POSTAL: ReadonlySet<string> = new Set(['postal', 'postcode', 'cp', 'zip', 'zipcode']);

const SOUGHT: ReadonlySet<string> = new Set(
  `nom noms name names libelle label titre title intitule commune communes ville villes city town client clients customer
   produit product fournisseur supplier titulaire beneficiaire etablissement entreprise company organisme`.split(/\s+/),
);

function score({ name, values, kind }: FieldFacts, rows: number | null): number {
  const { distinct, documents = 0, top = [] } = values ?? {};
  const count = distinct ?? 0;
  const variety = count <= 2 ? 2 : count <= FEW ? 3 : count <= SEVERAL ? 2.5 : 1;
  const missing = rows ? 1 - Math.min(1, documents / rows) : 0;
  // Words say more than codes: `Maison` than `AC`.
  const hasWords = top.filter(({ value }) => /\p{L}{4}/u.test(value)).length * 2 > top.length;
  const isNearlyConstant = (top[0]?.documents ?? 0) > 0.97 * documents;
  const codes = (isCode(name) ? 1 : 0) + (kind === 'number' ? 1 : 0) - (hasWords ? 0.7 : 0);
  return variety - missing - (isNearlyConstant ? 2 : 0) - codes;
}

function isCode(name: string): boolean {
  const words = wordsOf(name);
  return [words[0], words.at(-1)].some(word => word !== undefined && CODES.has(word));
}

const CODES: ReadonlySet<string> = new Set('id code cod num numero no cp zip insee siren siret ref cle key'.split(' '));

/** As a code and its name: their values are as frequent as each other's. */
function isTwin(one: Category, other: Category): boolean {
  const counts = ({ field }: Category) => (field.values.top ?? []).map(({ documents }) => documents);
  return one.distinct === other.distinct && one.distinct > 2 && String(counts(one)) === String(counts(other));
}

/** Names say more than codes, which are shorter. */
function isBetter(one: Category, other: Category): boolean {
  const length = ({ field: { values } }: Category) =>
    (values.top ?? []).reduce((sum, { value }) => sum + value.length, 0);
  return length(one) > length(other) || (length(one) === length(other) && one.field.name < other.field.name);
}
