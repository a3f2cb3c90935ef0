/** What a spreadsheet program would take for a formula. A number with a sign is none. */
const FORMULA = /^[=@\t\r]|^[+-](?![\d.,\s]*%?$)/;
const GUARD = "'";

/** A cell that no spreadsheet program calculates: it would be run there, and saved as its result. */
export function guardFormula(cell: string): string {
  return FORMULA.test(withoutGuards(cell)) ? GUARD + cell : cell;
}

/** The cell as it was before guardFormula(). */
export function unguardFormula(cell: string): string {
  return cell.startsWith(GUARD) && FORMULA.test(withoutGuards(cell)) ? cell.slice(GUARD.length) : cell;
}

/** One that has guards of its own gets another. */
function withoutGuards(cell: string): string {
  return cell.replace(/^'+/, '');
}
