import type { Shown } from '../../../orchestrator/kibana/check/check-server.ts';
import type { Dashboard } from '../../../orchestrator/kibana/check/reading.ts';
import { escape } from './markup.ts';
import { drawPanel } from './panels.ts';

/** Pixels: of the page, and of rows of the grid with the space between them, as in Kibana. */
const WIDTH = 1600;
const ROW = 28;
const GAP = 8;
const COLUMN = WIDTH / 48;
const HEAD = 30;

const STYLE = `
body { margin: 0; background: #f6f9fc; font: 13px Inter, "Helvetica Neue", Arial, sans-serif; color: #1d2a3e; }
header { padding: 14px 16px 0; } h1 { font-size: 22px; margin: 0 0 4px; } header p { margin: 0; color: #5a6d8c; }
.controls { display: flex; gap: 8px; padding: 10px 16px 2px; flex-wrap: wrap; }
.controls div { background: white; border: 1px solid #cad3e2; border-radius: 6px; padding: 6px 12px; }
.controls b { margin-right: 18px; } .controls span { color: #798eaf; }
main { position: relative; margin: 8px 0; }
section { position: absolute; background: white; border: 1px solid #e3e8f2; border-radius: 6px; overflow: hidden; box-sizing: border-box; }
section h2 { font-size: 14px; margin: 0; padding: 7px 10px 0; height: 23px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
section > div.inner { padding: 0 10px; } svg text { font-size: 11px; fill: #5a6d8c; } svg .title { font-weight: 600; }
.grid { stroke: #e3e8f2; } .dot { fill: #54B399; opacity: 0.7; }
.metric { text-align: right; display: flex; flex-direction: column; justify-content: space-between; height: 100%; }
.metric span { color: #5a6d8c; text-align: left; } .none { color: #bd271e; padding: 10px; } .count { color: #5a6d8c; padding: 2px 0 4px; }
.text p { margin: 2px 0; } .text h1, .text h2, .text h3 { margin: 4px 0; padding: 0; height: auto; } .text a { color: #0b64dd; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 4px 8px; border-bottom: 1px solid #e3e8f2; white-space: nowrap; max-width: 320px; overflow: hidden; text-overflow: ellipsis; }
.right { text-align: right; }`;

export interface DrawnPage {
  html: string;
  width: number;
  height: number;
}

/** The dashboard as a page that needs nothing else. `locale`: BCP 47, as Kibana's setting of it would be. */
export function drawPage({ dashboard, panels }: Shown, locale: string): DrawnPage {
  const rows = Math.max(0, ...dashboard.panels.map(({ place }) => place.y + place.h));
  const sections = dashboard.panels.map(panel => {
    const { x, y, w, h } = panel.place;
    const width = w * COLUMN - GAP;
    const height = h * ROW - GAP;
    const isBare = panel.content.kind === 'text' || panel.isTitleHidden;
    const inner = drawPanel(
      panel,
      panels.get(panel),
      { width: width - 22, height: height - (isBare ? 8 : HEAD + 8) },
      locale,
    );
    const style = `left:${x * COLUMN + GAP / 2}px;top:${y * ROW}px;width:${width}px;height:${height}px`;
    const title = isBare ? '' : `<h2>${escape(panel.title)}</h2>`;
    const innerStyle = `height:${height - (isBare ? 8 : HEAD + 8)}px`;
    return `<section style="${style}">${title}<div class="inner" style="${innerStyle}">${inner}</div></section>`;
  });
  const html =
    `<!doctype html><html lang="${escape(locale)}"><meta charset="utf-8"><title>${escape(dashboard.title)}</title>` +
    `<style>${STYLE}</style>${header(dashboard)}<main style="height:${rows * ROW}px">${sections.join('')}</main></html>`;
  return { html, width: WIDTH, height: rows * ROW + 150 };
}

function header({ title, description, timeRange, controls }: Dashboard): string {
  const time = timeRange === null ? '' : ` · ${timeRange.from} → ${timeRange.to}`;
  const boxes = controls.map(
    ({ title: name, kind }) => `<div><b>${escape(name)}</b><span>${kind === 'range' ? '◦──◦' : 'Any'}</span></div>`,
  );
  const bar = boxes.length === 0 ? '' : `<div class="controls">${boxes.join('')}</div>`;
  return `<header><h1>${escape(title)}</h1><p>${escape(description + time)}</p></header>${bar}`;
}
