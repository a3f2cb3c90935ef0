import type { Panel } from '../dashboard.ts';
import type { PanelParts } from './panel-parts.ts';

/** Markdown, as a visualization by value: Kibana 8.19 has no other, and 9.x shows it, too. */
export function textPanel(panel: Panel & { kind: 'text' }): PanelParts {
  const savedVis = {
    id: '',
    title: '',
    description: '',
    type: 'markdown',
    params: { fontSize: 12, openLinksInNewTab: true, markdown: panel.markdown },
    uiState: {},
    data: { aggs: [], searchSource: { query: { query: '', language: 'kuery' }, filter: [] } },
  };
  return { type: 'visualization', config: { savedVis }, references: [], objects: [], hidesTitle: true };
}
