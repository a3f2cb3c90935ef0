import type { Decision } from '../../../default-etl/contract/contract.ts';
import type { FieldFacts, Language } from './facts.ts';
import { wordsOf } from '../words-of.ts';

interface Clue {
  code: 'fr' | 'en';
  weight: number;
  text: string;
}

/** What must speak more for one language than for the other. */
const ENOUGH = 2;

/**
 * The file's language: by the words in names and values, which tell most, and by how it is written: dates with the day
 * first, decimal commas, semicolons, an encoding of Western Europe.
 */
export function languageOf(
  fields: readonly FieldFacts[],
  decisions: readonly Decision[],
  hasDecimalComma: boolean,
): Language {
  const clues = [...wordClues(fields), ...writingClues(fields, decisions, hasDecimalComma)];
  const weigh = (code: Clue['code']) =>
    clues.filter(clue => clue.code === code).reduce((sum, { weight }) => sum + weight, 0);
  const lead = weigh('fr') - weigh('en');
  if (Math.abs(lead) < ENOUGH) return { code: null, reason: 'neither French nor English words stand out' };
  const code = lead > 0 ? 'fr' : 'en';
  const reasons = clues.filter(clue => clue.code === code).map(({ text }) => text);
  return { code, reason: reasons.join('; ') };
}

function wordClues(fields: readonly FieldFacts[]): Clue[] {
  const names = fields.flatMap(({ name }) => wordsOf(name));
  const values = fields.flatMap(({ values: found, samples }) =>
    [...(found?.top ?? []).map(({ value }) => value), ...samples].flatMap(wordsOf),
  );
  return (['fr', 'en'] as const).flatMap(code => [
    ...clueOf(code, 'columns are called', names, 1.5),
    ...clueOf(code, 'values have', values, 0.7),
  ]);
}

/** Each word counts once, and five at most. */
function clueOf(code: 'fr' | 'en', what: string, words: readonly string[], weight: number): Clue[] {
  const found = [...new Set(words)].filter(word => WORDS[code].has(word)).slice(0, 5);
  if (found.length === 0) return [];
  return [{ code, weight: weight * found.length, text: `${what} ${found.join(', ')}` }];
}

function writingClues(fields: readonly FieldFacts[], decisions: readonly Decision[], hasDecimalComma: boolean): Clue[] {
  const decided = (name: string) => decisions.find(decision => decision.name === name)?.value;
  const clue = (applies: boolean, weight: number, text: string): Clue[] =>
    applies ? [{ code: 'fr', weight, text }] : [];
  const isDayFirst = fields.some(({ formats }) => /^(dd?|\[?dd?)[/.-]MM?/.test(formats[0] ?? ''));
  const said = decided('encoding');
  const encoding = typeof said === 'string' ? said.toLowerCase() : '';
  return [
    ...clue(isDayFirst, 1, 'dates have the day first'),
    ...clue(hasDecimalComma, 1.5, 'numbers have a decimal comma'),
    ...clue(decided('delimiter') === ';', 0.7, 'the delimiter is ;'),
    ...clue(/1252|8859-15?$/.test(encoding), 0.5, `the encoding is ${encoding}`),
  ];
}

// Words that one language has and the other has not, as names of columns and values mostly use them, without accents.
const WORDS: Readonly<Record<'fr' | 'en', ReadonlySet<string>>> = {
  fr: new Set(
    `le la les du des et au aux une sur par pour dans avec nom prenom adresse commune communes departement departements libelle
     montant annee mois jour heure debut fin ville pays numero nombre prix quantite nature valeur lieu voie rue cp insee
     siren siret hors taxes etablissement entreprise societe ecole eleves naissance sexe homme femme oui non janvier fevrier mars
     avril mai juin juillet aout septembre octobre novembre decembre lundi mardi mercredi jeudi vendredi samedi dimanche
     mutation fonciere surface superficie hauteur longueur largeur recette depense marche titulaire acheteur objet duree
     fournisseur client produit famille categorie sous statut etat gestionnaire acheminement postal postale gare ligne pluie neige`.split(
      /\s+/,
    ),
  ),
  en: new Set(
    `the of and to from with for by name address city town county state country zip year month day hour minute date
     start end time amount price quantity number value street company school birth sex male female yes no january february march april
     may june july august september october november december monday tuesday wednesday thursday friday saturday sunday delay flight
     carrier origin dest distance weather wind rain snow temp speed height weight width length revenue cost order customer
     product category status owner supplier item sale sales total count rate score`.split(/\s+/),
  ),
};
