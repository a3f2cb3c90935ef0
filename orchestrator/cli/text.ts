import { visible } from '../log/visible.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

const codes: Record<Colour, number> = { red: 31, green: 32, yellow: 33, dim: 90, bold: 1 };

export function paint(text: string, colour: Colour, hasColour: boolean): string {
  return hasColour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

/** `2026-01-31 14:03:07`, local time. */
export function localTime(ms: number): string {
  const date = new Date(ms);
  const pad = (part: number) => String(part).padStart(2, '0');
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(pad).join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(':')}`;
}

/** One line, without control characters: names and errors come from elsewhere. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s*\n\s*/g, ' · '));
}
