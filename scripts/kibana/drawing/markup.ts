/** Text that means itself in HTML and SVG. */
export function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, character => entities[character] ?? '');
}

/** At most so many characters. */
export function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 1))}…`;
}

/** Of Markdown: headings, lists, links, bold and code. */
export function markdown(text: string): string {
  const inline = (line: string) =>
    escape(line)
      .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, '<a>$1</a>')
      .replaceAll(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
      .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
      .replaceAll(/\\([\\`*_{}[\]()#+.!|~-])/g, '$1');
  return text
    .split('\n')
    .map(line => {
      const heading = /^(#+)\s+(.*)/.exec(line);
      if (heading) return `<h${heading[1]?.length}>${inline(heading[2] ?? '')}</h${heading[1]?.length}>`;
      const item = /^\s*[-*]\s+(.*)/.exec(line);
      return item ? `<li>${inline(item[1] ?? '')}</li>` : `<p>${inline(line)}</p>`;
    })
    .join('');
}

/** Of charts, in their order; the rest are grey. */
const COLOURS = ['#54B399', '#6092C0', '#D36086', '#9170B8', '#CA8EAE', '#D6BF57', '#B9A888', '#DA8B45', '#AA6556'];

export function colour(at: number): string {
  return COLOURS[at] ?? '#98A2B3';
}

/** Numbers at round distances from `low` to `high`, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(count, 1);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find(factor => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

export interface Size {
  width: number;
  height: number;
}

export function svg({ width, height }: Size, inner: string): string {
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${inner}</svg>`;
}
