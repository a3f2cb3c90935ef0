import type { Panel, Place } from '../dashboard.ts';

const COLUMNS = 48;

/** Panels of one height that stand beside each other. */
export interface Band {
  height: number;
  /** How many fit into a line. */
  perLine: number;
  panels: ReadonlyArray<Unplaced>;
}

type WithoutPlace<P> = P extends unknown ? Omit<P, 'place'> : never;
export type Unplaced = WithoutPlace<Panel>;

/** Band below band, each line filled from edge to edge. */
export function placed(bands: readonly Band[]): Panel[] {
  const panels: Panel[] = [];
  let y = 0;
  for (const { height, perLine, panels: unplaced } of bands) {
    for (const line of lines(unplaced, perLine)) {
      for (const [position, panel] of line.entries()) {
        panels.push({ ...panel, place: placeIn(line.length, position, y, height) } as Panel);
      }
      y += height;
    }
  }
  return panels;
}

/** As even as can be: five in lines of four are three and two. */
function lines(panels: readonly Unplaced[], perLine: number): Unplaced[][] {
  const count = Math.ceil(panels.length / perLine);
  const found: Unplaced[][] = [];
  let at = 0;
  for (let line = 0; line < count; line++) {
    const size = Math.ceil((panels.length - at) / (count - line));
    found.push(panels.slice(at, at + size));
    at += size;
  }
  return found;
}

function placeIn(count: number, position: number, y: number, h: number): Place {
  const x = Math.floor((COLUMNS * position) / count);
  return { x, y, w: Math.floor((COLUMNS * (position + 1)) / count) - x, h };
}
