import type { Reporter } from '../finding.ts';
import { fieldsOf, numberOf, shown, textOf, type Fields } from '../json.ts';

/** DASHBOARD_GRID_COLUMN_COUNT of the plug-in dashboard. */
const COLUMNS = 48;

export interface Placed {
  /** How it is called in messages. */
  name: string;
  x: number;
  y: number;
  w: number;
  h: number;
  /** Panels of different sections do not meet. */
  section: string;
}

/** Where a panel is, or null where that can't be told; that, and a place outside the grid, is told. */
export function readPlace(panel: Fields, name: string, report: Reporter): Placed | null {
  const grid = fieldsOf(panel['gridData']);
  const [x, y, w, h] = ['x', 'y', 'w', 'h'].map(side => numberOf(grid[side]));
  if (x == null || y == null || w == null || h == null) {
    report.mistake(`The panel's place is ${shown(panel['gridData'])}.`, 'Write gridData with x, y, w, h and i.');
    return null;
  }
  if (![x, y, w, h].every(Number.isInteger)) report.mistake('The place is not of whole numbers.', 'Round it.');
  if (w <= 0 || h <= 0) report.mistake(`The panel is ${w} wide and ${h} high.`, 'Give it a size above 0.');
  if (x < 0 || y < 0 || x + w > COLUMNS)
    report.mistake(
      `The panel reaches from column ${x} to ${x + w}, row ${y}; the grid has ${COLUMNS} columns.`,
      `Keep it within columns 0 to ${COLUMNS}.`,
    );
  return { name, x, y, w, h, section: textOf(grid['sectionId']) ?? '' };
}

/** Tells each panel that lies on one before it; Kibana moves one of them down. */
export function checkOverlaps(placed: ReadonlyArray<Placed & { report: Reporter }>): void {
  for (const [index, panel] of placed.entries()) {
    const under = placed.slice(0, index).find(other => overlap(panel, other));
    if (under !== undefined)
      panel.report.mistake(`The panel lies on the panel ${under.name}.`, 'Move one: Kibana would move it down.');
  }
}

function overlap(a: Placed, b: Placed): boolean {
  return a.section === b.section && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
