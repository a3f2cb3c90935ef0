import type { DateValues, FieldFacts } from '../facts/facts.ts';
import { wordsOf } from '../words-of.ts';

export interface BestDate {
  field: FieldFacts & { grouped: string };
  date: DateValues;
  reason: string;
}

/** Most rows must have it: those that haven't are not shown while a time range is set. */
const LEAST_SHARE = 0.5;

/**
 * The date that the rows are about: one that varies, that most rows have, and that is no time of loading and no date of
 * birth; of those the one whose name says so, or the first in the file. `wanted`: what LOAD.dashboard.time says.
 */
export function bestDate(fields: readonly FieldFacts[], rows: number | null, wanted?: string | false): BestDate | null {
  if (wanted === false) return null;
  const dates = fields.flatMap(field => candidateOf(field));
  const chosen = dates.find(({ field }) => field.name === wanted);
  if (chosen) return { ...chosen, reason: 'LOAD.dashboard.time says so' };
  const varying = dates.filter(({ field, date }) => date.max > date.min && isFrequent(field, rows));
  const scored = varying.map((candidate, position) => ({ ...candidate, ...score(candidate, position) }));
  const [best] = scored.toSorted((a, b) => b.score - a.score);
  if (best === undefined) return null;
  const { field, date, why } = best;
  const others = scored.length === 1 ? 'it is the only date that varies' : why;
  return { field, date, reason: others };
}

type Candidate = Pick<BestDate, 'field' | 'date'>;

function candidateOf(field: FieldFacts): Candidate[] {
  const { grouped, values } = field;
  return grouped === null || values?.date === undefined ? [] : [{ field: { ...field, grouped }, date: values.date }];
}

function isFrequent({ values }: FieldFacts, rows: number | null): boolean {
  return rows === null || (values?.documents ?? 0) >= LEAST_SHARE * rows;
}

function score({ field, date }: Candidate, position: number): { score: number; why: string } {
  const words = wordsOf(field.name);
  const known = KINDS.find(({ words: those }) => words.some(word => those.has(word)));
  const variety = 3 * Math.log10(Math.max(1, date.days ?? 100));
  const days = date.days === null ? 'many different days' : `${date.days} different days`;
  const isPlain = words.length === 1 && PLAIN.has(words[0] ?? '');
  return {
    // A few days say little of when something was, and much of when it was loaded.
    score: variety - position * 0.5 + (known?.score ?? 0) + (isPlain ? 3 : 0) - ((date.days ?? 4) <= 3 ? 4 : 0),
    why: `it has ${days}${known === undefined ? ', and is no time of loading and no date of birth' : known.score > 0 ? ', and its name tells of what happened' : ''}`,
  };
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const PLAIN = set('date jour day time timestamp datetime horodatage');
/** The first that fits counts. */
const KINDS: ReadonlyArray<{ score: number; words: ReadonlySet<string> }> = [
  {
    score: -30,
    words: set(
      `load loaded import imported integration ingestion ingested chargement charge extraction extract extracted export exported
       maj miseajour update updated modification modified modifie derniere insert inserted sync synced crawl`,
    ),
  },
  { score: -20, words: set('naissance naiss birth birthday birthdate born dob') },
  {
    score: -8,
    words: set(
      'fin end ended expiration expiry expires echeance due cloture closed sortie prevu prevue planned scheduled sched',
    ),
  },
  { score: -3, words: set('creation created cree creee crea inscription registered') },
  {
    score: 3,
    words: set(
      `vente ventes sale sold mutation commande order ordered achat purchase depart departure debut start started event evenement signature signed
       notification operation transaction mesure measured observation releve sejour visite accident facture invoice paiement payment`,
    ),
  },
];
