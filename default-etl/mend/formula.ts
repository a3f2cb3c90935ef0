const GUARD = "'";

/** What a program may take for the end of a cell, whatever it is in this file: whoever opens it chooses, or has it guessed. */
const END = String.raw`[,;\|\t\r\n\v\f\u0085\u2028\u2029]`;
/** What may stand in front of a formula, and is taken off or not seen: blanks, quotes, control characters, what takes no room. */
const PASSED = String.raw`[["'\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]--${END}]*`;
/** What a formula begins with, the wide and small forms included, which some versions of Excel take for the same. */
const SIGN = String.raw`[=@%\|\uFE66\uFE6B\uFF1D\uFF20]`;
const PLUS_MINUS = String.raw`[+\-\u2212\uFE62\uFE63\uFF0B\uFF0D]`;
/** A number with a sign is no formula: alone in its cell, or between two ends. */
const IS_FIRST = String.raw`(?=${PASSED}(?:${SIGN}|[\t\r\n]|${PLUS_MINUS}(?![\d.,\s]*%?$)))`;
const IS_LATER = String.raw`(?=${PASSED}(?:${SIGN}|${PLUS_MINUS}(?![\d. \u00A0\u202F]*%?(?:${END}|$))))`;

/** Where a spreadsheet program may see a formula begin: OWASP's list (CSV injection), and what such programs pass over. */
const UNGUARDED = placesWith('');
/** The same places: a guard is one of the things that are passed over, so that one more is found where the text has its own. */
const GUARDED = placesWith(GUARD);

function placesWith(guard: string): RegExp {
  return new RegExp(`^${guard}${IS_FIRST}|(?<=${END})${guard}${IS_LATER}`, 'gv');
}

/**
 * A cell that no spreadsheet program calculates, whatever it takes for a delimiter: it would be run there, and saved as
 * its result.
 */
export function guardFormula(cell: string): string {
  return cell.replace(UNGUARDED, GUARD);
}

/** The cell as it was before guardFormula(). */
export function unguardFormula(cell: string): string {
  return cell.replace(GUARDED, '');
}
