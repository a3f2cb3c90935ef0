import type { Control, Dashboard } from '../dashboard.ts';
import { dataViewId } from './data-view.ts';
import { idOf } from './ids.ts';
import type { Reference } from './saved-object.ts';
import { viewOf } from './views.ts';

/**
 * The controls above a dashboard (`controlGroupInput`), in their order: each narrows those after it.
 *
 * @see https://github.com/elastic/kibana/blob/main/src/platform/plugins/shared/dashboard/server/api/transforms/out/transform_pinned_panels_out.ts
 */
export function controlGroup(dashboard: Dashboard): { input: Record<string, unknown>; references: Reference[] } {
  const controls = distinct(dashboard).map((control, order) => ({ control, order, id: controlId(dashboard, control) }));
  const panels = controls.map(({ control, order, id }) => [id, controlPanel(dashboard, control, order)] as const);
  return {
    input: {
      chainingSystem: 'HIERARCHICAL',
      controlStyle: 'oneLine',
      showApplySelections: false,
      ignoreParentSettingsJSON: JSON.stringify({
        ignoreFilters: false,
        ignoreQuery: false,
        ignoreTimerange: false,
        ignoreValidations: false,
      }),
      panelsJSON: JSON.stringify(Object.fromEntries(panels)),
    },
    references: controls.map(({ control, id }) => ({
      type: 'index-pattern',
      id: dataViewId(viewOf(dashboard, control.view)),
      name: `controlGroup_${id}:${KINDS[control.kind].reference}`,
    })),
  };
}

/** What a control is of makes its id: in another place it is the same one. */
export function controlId(dashboard: Dashboard, { kind, field, view }: Control): string {
  return idOf('control', dashboard.key, viewOf(dashboard, view).key, kind, field);
}

/** Of the same kind and field one: they would have one id. */
function distinct(dashboard: Dashboard): Control[] {
  const ids = dashboard.controls.map(control => controlId(dashboard, control));
  return dashboard.controls.filter((_, at) => ids.indexOf(ids[at]!) === at);
}

function controlPanel(dashboard: Dashboard, control: Control, order: number): Record<string, unknown> {
  const { type, input } = KINDS[control.kind];
  return {
    order,
    width: 'medium',
    grow: true,
    type,
    explicitInput: {
      id: controlId(dashboard, control),
      fieldName: control.field,
      title: control.title,
      dataViewId: dataViewId(viewOf(dashboard, control.view)),
      ...input,
    },
  };
}

const KINDS = {
  values: {
    type: 'optionsListControl',
    reference: 'optionsListDataView',
    input: { selectedOptions: [], sort: { by: '_count', direction: 'desc' } },
  },
  range: { type: 'rangeSliderControl', reference: 'rangeSliderDataView', input: {} },
} as const;
