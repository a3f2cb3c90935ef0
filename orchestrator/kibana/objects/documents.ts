import type { Dashboard, Panel } from '../dashboard.ts';
import { dataViewId } from './data-view.ts';
import { panelId, type PanelParts } from './panel-parts.ts';
import { savedObject, type SavedObject } from './saved-object.ts';
import { TAG_REFERENCE } from './tag.ts';
import { viewOf } from './views.ts';

type Documents = Panel & { kind: 'documents' };

/** Rows themselves: a saved search, which Discover opens, too. */
export function documentsPanel(dashboard: Dashboard, panel: Documents): PanelParts {
  const search = searchObject(dashboard, panel);
  const name = `panel_${panelId(dashboard, panel)}`;
  return {
    type: 'search',
    config: {},
    references: [{ type: 'search', id: search.id, name }],
    objects: [search],
    panelRefName: name,
  };
}

function searchObject(dashboard: Dashboard, panel: Documents): SavedObject {
  const source = { query: { query: panel.filter ?? '', language: 'kuery' }, filter: [], indexRefName: INDEX_REFERENCE };
  const attributes = {
    title: `${dashboard.title}: ${panel.title}`,
    description: '',
    columns: panel.columns,
    sort: panel.sort === null ? [] : [[panel.sort.field, panel.sort.order]],
    grid: {},
    hideChart: false,
    isTextBasedQuery: false,
    timeRestore: false,
    kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify(source) },
  };
  const view = dataViewId(viewOf(dashboard, panel.view));
  return savedObject('search', panelId(dashboard, panel, 'search'), attributes, [
    { type: 'index-pattern', id: view, name: INDEX_REFERENCE },
    TAG_REFERENCE,
  ]);
}

const INDEX_REFERENCE = 'kibanaSavedObjectMeta.searchSourceJSON.index';
