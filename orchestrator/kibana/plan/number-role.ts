import type { FieldFacts, Values } from '../facts/facts.ts';
import { wordsOf } from '../words-of.ts';

/**
 * What is done with a number: added up, averaged, used to group rows (a class, a month), or nothing of these: it is a
 * code, a year, a position, a time of day, or the same in all rows.
 */
export type NumberRole = 'sum' | 'average' | 'group' | 'year' | 'none';

export interface NumberJudgement {
  role: NumberRole;
  /** Goes on from the column's name: `adds up: its name says "montant"`. */
  reason: string;
  /** The word of its name that decided; null where its values did. Numbers of one word may share a chart. */
  word: string | null;
}

/**
 * How a number is shown. Names tell first, in French and English; where they say nothing the values do. A number of
 * which nothing says that it adds up is averaged: an average of what does add up misleads nobody.
 */
export function judgeNumber({ name, samples, values }: FieldFacts): NumberJudgement {
  const words = wordsOf(name);
  return (
    byNature(words, samples, values) ??
    byName(words, name, { whole: isWhole(values, samples), hasNegatives: (values?.number?.min ?? 0) < 0 }) ??
    byValues(samples, values) ?? { role: 'average', reason: 'is averaged, as nothing says that it adds up', word: null }
  );
}

type Judged = NumberJudgement | undefined;

/** What neither adds up nor has an average, whatever it is called. */
function byNature(words: readonly string[], samples: readonly string[], values: Values | null): Judged {
  const number = values?.number;
  const is = (role: NumberRole, reason: string): Judged => ({ role, reason, word: null });
  if (values !== null && number === undefined) return is('none', 'has no value');
  if (number !== undefined && number.min === number.max) return is('none', `is ${number.min} in all rows`);
  if (samples.some(text => /^0\d/.test(text))) return is('none', 'is a code, as values have leading zeros');
  const place = words.find(word => POSITIONS.has(word));
  if (place !== undefined && isWithin(number, -180, 180))
    return is('none', `is a position, as its name says "${place}"`);
  if (place !== undefined && words.includes('coord')) return is('none', 'is a position, as its name says "coord"');
  if (isClock(words, samples, values)) return is('none', 'is a time of day, as 1530 is half past three');
  return undefined;
}

interface Nature {
  whole: boolean;
  hasNegatives: boolean;
}

function byName(words: readonly string[], name: string, { whole, hasNegatives }: Nature): Judged {
  const [first = '', second = ''] = words;
  const last = words.at(-1) ?? '';
  const said = (role: NumberRole, what: string, word: string): Judged => ({
    role,
    reason: `${what}, as its name says "${word}"`,
    word,
  });
  const counted = [first, last].find(word => COUNTS.has(word));
  const isCount =
    counted !== undefined || (first === 'num' && second.endsWith('s')) || (first === 'number' && second === 'of');
  const code = [first, last].find(word => CODES.has(word));
  if (whole && !hasNegatives && code !== undefined && !isCount) return said('none', 'is a code', code);
  const rate = name.includes('%') ? '%' : words.find(word => RATES.has(word));
  if (rate !== undefined) return said('average', 'is averaged', rate);
  if (isCount) return said('sum', 'adds up', counted ?? first);
  const sum = words.find(word => SUMS.has(word));
  if (sum !== undefined) return said('sum', 'adds up', sum);
  const measure = words.find(word => MEASURES.has(word));
  if (measure !== undefined) return said('average', 'is averaged', measure);
  const year = words.find(word => YEARS.has(word));
  if (whole && year !== undefined) return said('year', 'is a year', year);
  const part = words.find(word => DATE_PARTS.has(word));
  if (whole && part !== undefined) return said('group', 'is a part of a date', part);
  const thing = words.find(word => THINGS.has(word));
  return whole && thing !== undefined ? said('none', 'is a number of a thing', thing) : undefined;
}

function byValues(samples: readonly string[], values: Values | null): Judged {
  const { documents = 0, distinct = null, number } = values ?? {};
  if (number === undefined || !isWhole(values, samples) || distinct === null) return undefined;
  const is = (role: NumberRole, reason: string): Judged => ({ role, reason, word: null });
  if (documents >= 20 && distinct >= 0.95 * documents && number.max - number.min < 2 * distinct) {
    return is('none', 'is a code, as its values count the rows');
  }
  if (isWithin(number, 1900, 2100) && distinct <= 200)
    return is('year', 'is a year, as all values are from 1900 to 2100');
  const digits = (value: number) => String(Math.abs(value)).length;
  // Quantities of one size are near each other; codes go from 10000 to 99999.
  const isSpread = number.max > MOST_SPREAD * number.min;
  if (number.min > 9_999 && digits(number.min) === digits(number.max) && distinct > 20 && isSpread) {
    return is('none', `is a code, as all values have ${digits(number.min)} digits`);
  }
  if (distinct <= 12 && documents >= 50) return is('group', `has ${distinct} different whole numbers, as classes have`);
  return undefined;
}

const MOST_SPREAD = 4;

function isWhole(values: Values | null, samples: readonly string[]): boolean {
  return values?.number?.isWhole ?? samples.every(text => /^-?\d+$/.test(text));
}

function isWithin(number: { min: number; max: number } | undefined, from: number, to: number): boolean {
  return number === undefined || (number.min >= from && number.max <= to);
}

/** Hours and minutes as one number, by their name and values: no minute is above 59, and some hour is above 0. */
function isClock(words: readonly string[], samples: readonly string[], values: Values | null): boolean {
  const { number } = values ?? {};
  if (!words.some(word => CLOCKS.has(word)) || number === undefined || !number.isWhole) return false;
  if (number.min < 0 || number.max > 2400 || number.max < 100) return false;
  // What is not there may be written as NA.
  const times = samples
    .filter(text => text.trim() !== '')
    .map(Number)
    .filter(Number.isFinite);
  return times.length >= 5 && times.every(time => time % 100 < 60);
}

/** Whether the word that decided says an amount of money. */
export function isMoney(word: string | null): boolean {
  return word !== null && MONEY.has(word);
}

/** Whether it says how many there are. */
export function isNumberOf(word: string | null): boolean {
  return word !== null && COUNTS.has(word);
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const POSITIONS = set('lat latitude lon lng long longitude x y');
const CLOCKS = set('time heure hour horaire hhmm');
const COUNTS = set('nb nbr nbre nombre count cnt total');
const CODES = set(
  `id ids identifiant identifier code codes cod num numero numeros no number ref reference cle key uuid guid
   siren siret insee cp zip zipcode postal postcode tel telephone phone fax mobile rang rank index row ligne ordre fips
   epsg srid iban gtin ean isbn matricule immatriculation dep dept departement region reg canton`,
);
const RATES = set(
  `taux rate ratio pourcentage percent percentage pct part share moyenne moyen mean avg average mediane median temperature temp
   temperatures tmin tmax max min maximum minimum humidite humidity pression pressure densite density indice score
   index altitude elevation latence latency vitesse speed proportion probabilite probability ph`,
);
const SUMS = set(
  `montant montants amount amounts somme sum totaux quantite quantites qte qty quantity quantities effectif effectifs population pop
   habitants hab inhabitants volume volumes recette recettes revenue revenues revenu ventes sales ca turnover cout couts cost costs depense depenses
   expense expenses spending budget credit credits debit debits paye paid subvention subventions aide aides grant grants precipitation
   precipitations rain rainfall pluie pluies snow snowfall neige consommation consumption conso production energie energy
   kwh mwh gwh tonnage tonnes tons surface superficie area hectares logements menages eleves etudiants students voix votes inscrits
   exprimes abstentions votants deces deaths cas cases naissances births accidents victimes blesses tues injured killed passengers passagers
   voyageurs visiteurs visitors visits visites entrees distance km kms miles stock stocks fonciere foncier
   capacite capacity puissance salaries emplois jobs employees beneficiaires gross units unites clicks views downloads`,
);
const MONEY = set(
  `montant montants amount amounts recette recettes revenue revenues revenu ventes sales ca turnover cout couts cost costs depense depenses
   expense expenses spending budget credit credits debit debits paye paid subvention subventions aide aides grant grants
   fonciere foncier gross`,
);
const MEASURES = set(
  `prix price prices tarif tarifs salaire salary wage loyer rent age ages note notes rating grade vent wind retard delay delays
   duree duration durations delai delais time hauteur height largeur width longueur length poids weight magnitude niveau level
   distance_moyenne profondeur depth bmi glucose horsepower acceleration mpg`,
);
const YEARS = set('annee annees year years an millesime exercice');
const DATE_PARTS = set(
  'mois month months jour day days semaine week weeks trimestre quarter heure hour hours minute minutes weekday',
);
/** What is numbered. */
const THINGS = set(
  `flight vol vols train trains bus commande order facture invoice client customer user utilisateur dossier lot lots parcelle section
   ticket room salle chambre bureau bureaux compte account contrat contract marche produit product article item magasin store station borne`,
);
