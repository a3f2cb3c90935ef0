/**
 * What stands below names as their unit: `(km²)`, `%`, `€`, `ml/min`, `en milliers`, `jj/mm/aaaa`. In brackets it may
 * be any text that is no number: `(100)` is one of bookkeepers.
 */
const COUNTED =
  'nb|nombres?|numbers?|effectifs?|milliers?|millions?|milliards?|thousands?|billions?|pourcentages?|pour cent|percent|personnes?|habitants?|ménages?|logements?|emplois?|tonnes?|heures?|jours?|semaines?|mois|ans?|années?|minutes?|secondes?|hours?|days?|months?|years?';
const MONEY = "(k|m|md|(milliers|millions|milliards) d['’e] ?)? ?([€$£]|euros?|eur|usd|gbp|chf)";
const MEASURED =
  '[kcmµu]?m[²³23]?|°|°?c|°f|deg ?c|[kmgt]?(wh?|hz|b|o)|[kmµun]?[gs]|[mckhd]?l|t|ha|hab|[hkm]?pa|m?bar|m?[va]|k|h|d|min|mn|ppm|ppb|db|cv|ph';
const PER = '/ ?([kcm]?m[²³23]?|heure|h|s|min|d?l|ha|hab|habitants?|jour|j|mois|an|kg|t)';
const DATE = '(jj|dd|mm|aaaa|yyyy|aa|yy)([/. -](jj|dd|mm|aaaa|yyyy|aa|yy)){1,2}( ?hh[:h]mm(:ss)?)?|hh[:h]mm(:ss)?';
const UNIT = new RegExp(
  `^([([](?!\\s*[\\d.,\\s]+[)\\]])[^)\\]]+[)\\]]|${DATE}|(en |in )?(%|‰|((${COUNTED})|${MONEY}|(${MEASURED}))(${PER}){0,2})\\.?)$`,
  'i',
);
/** A lone letter is a class or a size, too, and says of a value that it is secret. */
const LETTER = /^\p{L}$/u;
/** What stands in the first column of a row of units. */
const LABEL = /^[([]?(unités?|units?|einheit(en)?|unidad(es)?)[)\]]?\s*[:：]?$/i;
/** Numbers and letters that columns are referred to by: `(1)`, `[a]`, `'A'`. */
const REFERENCE = /^[(['"](\d{1,2}|[a-z])[)\]'"]$/i;

export function isUnit(cell: string): boolean {
  return UNIT.test(cell);
}

/** Whether it is a unit and no name: a lone letter is both. */
export function isPlainUnit(cell: string): boolean {
  return UNIT.test(cell) && !LETTER.test(cell);
}

/** `Unité`, beside a row of units: none of the name. */
export function isUnitLabel(cell: string): boolean {
  return LABEL.test(cell);
}

export function isInBrackets(cell: string): boolean {
  return /^[([]/.test(cell);
}

/** Whether it is a unit without its brackets, too. */
export function isKnownUnit(cell: string): boolean {
  return UNIT.test(withoutBrackets(cell));
}

export function isLetter(cell: string): boolean {
  return LETTER.test(cell);
}

export function withoutBrackets(cell: string): string {
  return cell.replace(/^[(['"]\s*|\s*[)\]'"]$/g, '');
}

/** Whether columns are counted: `(1)`, `(2)`, `(3)`, or `(a)`, `(b)`, `(c)`. */
export function countColumns(cells: readonly string[]): boolean {
  if (cells.length < 2 || !cells.every(cell => REFERENCE.test(cell))) return false;
  const places = cells.map(cell => placeOf(withoutBrackets(cell).toLowerCase()));
  return places[0] === 1 && places.every((place, index) => place === index + 1);
}

function placeOf(reference: string): number {
  return /\d/.test(reference) ? Number(reference) : reference.charCodeAt(0) - 96;
}
