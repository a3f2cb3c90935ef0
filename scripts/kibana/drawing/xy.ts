import { colour, escape, short, svg, ticks, type Size } from './markup.ts';
import { formatValue, moment } from './format.ts';
import type { Chart } from './series.ts';

export interface XyLook {
  /** `bar`, `line` or `area`. */
  mark: 'bar' | 'line' | 'area';
  stacked: boolean;
  horizontal: boolean;
  locale: string;
}

/** A chart of bars, lines or areas. */
export function drawXy(chart: Chart, look: XyLook, size: Size): string {
  const legendWidth = chart.series.length > 1 ? 150 : 0;
  const inner = { width: size.width - legendWidth, height: size.height };
  const drawn = look.horizontal ? drawHorizontal(chart, look, inner) : drawVertical(chart, look, inner);
  return svg(
    size,
    drawn +
      (legendWidth === 0
        ? ''
        : legend(
            chart.series.map(({ name }) => name),
            inner.width + 10,
          )),
  );
}

export function legend(names: readonly string[], x: number): string {
  return names
    .slice(0, 14)
    .map(
      (name, at) =>
        `<circle cx="${x + 5}" cy="${14 + at * 18}" r="4" fill="${colour(at)}"/>` +
        `<text x="${x + 14}" y="${18 + at * 18}">${escape(short(name, 20))}</text>`,
    )
    .join('');
}

/** The tops of each series at each group: on one another, or each from 0. */
function topsOf({ axis, series }: Chart, stacked: boolean): Array<Array<{ from: number; to: number }>> {
  const sums = axis.map(() => 0);
  return series.map(({ values }) =>
    axis.map(({ name }, at) => {
      const value = values.get(name) ?? 0;
      const from = stacked ? (sums[at] ?? 0) : 0;
      sums[at] = from + value;
      return { from, to: from + value };
    }),
  );
}

function rangeOf(tops: ReadonlyArray<ReadonlyArray<{ from: number; to: number }>>): { low: number; high: number } {
  let [low, high] = [0, 0];
  for (const { to } of tops.flat()) [low, high] = [Math.min(low, to), Math.max(high, to)];
  return { low, high: high === low ? low + 1 : high };
}

function drawVertical(chart: Chart, { mark, stacked, locale }: XyLook, { width, height }: Size): string {
  const tops = topsOf(chart, stacked);
  const { low, high } = rangeOf(tops);
  const marks = ticks(low, high, Math.max(2, Math.floor(height / 50)));
  const texts = marks.map(value => formatValue(value, chart.format, locale));
  const left = 12 + Math.max(...texts.map(text => text.length)) * 7;
  const [bottom, top] = [44, 10];
  const y = (value: number) => top + (height - top - bottom) * (1 - (value - low) / (high - low));
  const grid = marks
    .map(
      (value, at) =>
        `<line x1="${left}" x2="${width}" y1="${y(value)}" y2="${y(value)}" class="grid"/>` +
        `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${escape(texts[at] ?? '')}</text>`,
    )
    .join('');
  const scale = axisScale(chart, left, width);
  const drawn = tops.map((values, at) =>
    mark === 'bar'
      ? bars(values, { at, of: stacked ? 1 : tops.length, scale, y })
      : line(values, { fill: mark === 'area', at, scale, y }),
  );
  const title = `<text x="${(left + width) / 2}" y="${height - 6}" text-anchor="middle" class="title">${escape(chart.axisTitle)}</text>`;
  return grid + drawn.join('') + axisLabels(chart, scale, { left, width, height }, locale) + title;
}

interface Scale {
  /** Where the group at an index begins, and how wide it is. */
  start(index: number): number;
  band: number;
}

function axisScale({ axis, step }: Chart, left: number, width: number): Scale {
  const first = axis[0]?.at ?? null;
  const last = axis.at(-1)?.at ?? null;
  if (step === null || !Number.isFinite(step) || first === null || last === null) {
    const band = (width - left) / Math.max(axis.length, 1);
    return { start: index => left + index * band, band };
  }
  const unit = (width - left) / (last - first + step);
  return { start: index => left + ((axis[index]?.at ?? first) - first) * unit, band: step * unit };
}

interface Placed {
  at: number;
  scale: Scale;
  y(value: number): number;
}

function bars(
  values: ReadonlyArray<{ from: number; to: number }>,
  { at, of, scale, y }: Placed & { of: number },
): string {
  const gap = scale.band > 6 ? scale.band * 0.15 : scale.band > 2 ? 0.5 : 0;
  const width = Math.max((scale.band - gap) / of, 0.6);
  return values
    .map(({ from, to }, index) => {
      const x = scale.start(index) + gap / 2 + (of > 1 ? at * width : 0);
      const [high, low] = [y(Math.max(from, to)), y(Math.min(from, to))];
      return `<rect x="${x.toFixed(1)}" y="${high.toFixed(1)}" width="${width.toFixed(1)}" height="${(low - high).toFixed(1)}" fill="${colour(at)}"/>`;
    })
    .join('');
}

function line(
  values: ReadonlyArray<{ from: number; to: number }>,
  { fill, at, scale, y }: Placed & { fill: boolean },
): string {
  const points = (side: 'from' | 'to') =>
    values.map((value, index) => `${(scale.start(index) + scale.band / 2).toFixed(1)},${y(value[side]).toFixed(1)}`);
  const path = `<polyline points="${points('to').join(' ')}" fill="none" stroke="${colour(at)}" stroke-width="1.5"/>`;
  if (!fill) return path;
  const area = [...points('to'), ...points('from').reverse()].join(' ');
  return `<polygon points="${area}" fill="${colour(at)}" opacity="0.5"/>${path}`;
}

function axisLabels(
  { axis, isTime, step }: Chart,
  scale: Scale,
  { left, width, height }: { left: number; width: number; height: number },
  locale: string,
): string {
  const longest = Math.max(...axis.map(({ name }) => Math.min(name.length, 16)), 1) * 7 + 14;
  const every = Math.max(1, Math.ceil((longest * (step === null ? 1 : 1.4)) / Math.max(scale.band, 0.1)));
  return axis
    .map(({ name, at }, index) => {
      if (index % every !== 0) return '';
      const x = scale.start(index) + (step === null ? scale.band / 2 : 0);
      if (x > width - 20 && step !== null) return '';
      const text =
        isTime && at !== null ? moment(at, name.length > 10 ? 'MM-DD HH:mm' : patternOf(name), locale) : name;
      const most = step === null ? Math.max(4, Math.floor(Math.max(scale.band * every, 30) / 7)) : 16;
      const anchor = step === null || x > left + longest / 2 ? 'middle' : 'start';
      return `<text x="${x.toFixed(1)}" y="${height - 26}" text-anchor="${anchor}">${escape(short(text, most))}</text>`;
    })
    .join('');
}

function patternOf(name: string): string {
  return ['YYYY', 'YYYY-MM', 'YYYY-MM-DD'].find(pattern => pattern.length === name.length) ?? 'YYYY-MM-DD';
}

function drawHorizontal(chart: Chart, { stacked, locale }: XyLook, { width, height }: Size): string {
  const tops = topsOf(chart, stacked);
  const { low, high } = rangeOf(tops);
  const left = Math.min(160, 14 + Math.max(...chart.axis.map(({ name }) => name.length), 1) * 7);
  const bottom = 24;
  const band = (height - bottom) / Math.max(chart.axis.length, 1);
  const x = (value: number) => left + (width - left - 60) * ((value - low) / (high - low));
  const each = stacked ? band * 0.75 : (band * 0.75) / Math.max(tops.length, 1);
  const rows = chart.axis.map(({ name }, index) => {
    const y = index * band + band * 0.125;
    const label = `<text x="${left - 6}" y="${index * band + band / 2 + 4}" text-anchor="end">${escape(short(name, Math.floor((left - 10) / 7)))}</text>`;
    const drawn = tops.map((values, at) => {
      const { from, to } = values[index] ?? { from: 0, to: 0 };
      return `<rect x="${x(Math.min(from, to))}" y="${y + (stacked ? 0 : at * each)}" width="${Math.abs(x(to) - x(from))}" height="${each}" fill="${colour(at)}"/>`;
    });
    return label + drawn.join('');
  });
  const marks = ticks(low, high, Math.max(2, Math.floor(width / 160)))
    .map(
      value =>
        `<line x1="${x(value)}" x2="${x(value)}" y1="0" y2="${height - bottom}" class="grid"/>` +
        `<text x="${x(value)}" y="${height - 8}" text-anchor="middle">${escape(formatValue(value, chart.format, locale))}</text>`,
    )
    .join('');
  return marks + rows.join('');
}
