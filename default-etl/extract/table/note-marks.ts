/** Characters of a cell that are looked at: what a note is, its beginning says. */
const MOST_LOOKED_AT = 200;

/** How notes begin that no row begins like: `Source : Insee`, `-----`, `fin du fichier`. */
const SURE_MARKS: readonly RegExp[] = [
  /^\s*(sources?|copyright|disclaimer|footnotes?|quelle|fuente|fonte)\s*(\(\w*\)\s*)?(\s*:|\.\s|\s[–—-]\s)/i,
  /^\s*([#=*_-])\1{2,}/,
  /^\s*(fin (de|du) (fichier|tableau|document)|end of (file|report|document|table|data)|eof\s*$)/i,
];
// Without the flag u: together with i it makes compiling them take 4 ms of CPU (23 November 2026).
/** How notes begin, and now and then a row of texts: `Note : …`, `* provisoire`, `(1) …`, `-- fin --`, `Mis à jour le 3 mai`. */
const MARKS: readonly RegExp[] = [
  /^\s*(notes?|nota( bene)?|n\.?b\.?|lecture|champ|légende|avertissement|remarques?|unités?|précisions?|définitions?|méthodologie|traitements?)\s*(\(\w*\)\s*)?(\s*:|\.\s|\s[–—-]\s)/i,
  /^\s*(mise? à jour|date d['’](extraction|édition|export)|extraits? (le|du)|(exporté|édité|généré)e?s? (le|par|depuis|à)|données (au|du|extraites|provisoires))(?![a-zß-ÿ])/i,
  /^\s*(p|r|e|nd|n\.d\.?|ns|so|s)\s*[:=]\s*[a-zß-ÿ]/i,
  /^\s*(last updated|(updated|generated|exported|extracted) (on|by|at|from)|report (run|created|generated|date)|data (from|source|as of|extracted|downloaded))\b/i,
  // Signs, digits and a letter behind the mark are no text.
  /^\s*(\*+|[†‡©¹²³⁴⁵]|\((\*+|\d{1,2}|[a-z]{1,3})\)|\[(\*+|\d{1,2}|[a-z])\]).*[a-z\x80-\uffff]{2}/i,
  /^\s*(#|\/\/|--)\s+\S/,
];
/** What database clients write below a result. */
const ROW_COUNT =
  /^\s*\(?\d[\d .,]* (rows?|records?|lignes?|enregistrements?)(\(s\))?( (affected|selected|returned|affectée?s?|sélectionnée?s?|retournée?s?|exportée?s?))?( in .*)?\)?\.?\s*$/i;

/** Whether it is a count of rows. */
export function isRowCount(cell: string): boolean {
  return ROW_COUNT.test(cell.slice(0, MOST_LOOKED_AT));
}

/** Whether the cell begins as notes do, and rows don't. */
export function isSurelyMarked(cell: string): boolean {
  return isRowCount(cell) || SURE_MARKS.some(mark => mark.test(cell.slice(0, MOST_LOOKED_AT)));
}

/** Whether the cell begins as notes do. */
export function isMarked(cell: string): boolean {
  return isSurelyMarked(cell) || MARKS.some(mark => mark.test(cell.slice(0, MOST_LOOKED_AT)));
}

/** Three words at least: fewer may be a row whose rest was cut off. */
export function isSentence(text: string): boolean {
  return /\S\s+\S+\s+\S/.test(text.slice(0, MOST_LOOKED_AT));
}
