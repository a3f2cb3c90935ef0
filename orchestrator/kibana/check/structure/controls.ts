import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, shown, textOf, type Fields } from '../json.ts';
import type { Control } from '../reading.ts';
import type { Claims } from './claims.ts';
import { embedded } from './embedded.ts';

/** Controls over a field: what its reference is called, and how it is shown here. */
const KINDS: Readonly<Record<string, { reference: string; kind: Control['kind'] }>> = {
  optionsListControl: { reference: 'optionsListDataView', kind: 'values' },
  rangeSliderControl: { reference: 'rangeSliderDataView', kind: 'range' },
};

/** Checks the controls above a dashboard's panels. */
export function readControls(
  attributes: Fields,
  { claims, packaged, report }: { claims: Claims; packaged: boolean; report: Reporter },
): Control[] {
  const group = attributes['controlGroupInput'];
  if (group === undefined) return [];
  if (!isFields(group)) {
    report.mistake('controlGroupInput is not an object.', 'Write an object, or leave it out.');
    return [];
  }
  embedded(group['ignoreParentSettingsJSON'], 'controlGroupInput.ignoreParentSettingsJSON', packaged, report);
  const panels = embedded(group['panelsJSON'], 'controlGroupInput.panelsJSON', packaged, report);
  if (panels === undefined) return [];
  if (!isFields(panels)) {
    report.mistake('controlGroupInput.panelsJSON is not an object.', 'Write a control by its id.');
    return [];
  }
  const controls = Object.entries(panels).map(([id, control]) => ({ id, fields: fieldsOf(control) }));
  checkOrders(controls, report);
  return controls.flatMap(({ id, fields }) => readControl(id, fields, claims, report));
}

function checkOrders(controls: ReadonlyArray<{ fields: Fields }>, report: Reporter): void {
  const orders = controls.map(({ fields }) => fields['order']);
  if (new Set(orders).size < orders.length) report.mistake('Two controls have one order.', 'Count them from 0.');
}

const WIDTHS = new Set<unknown>(['small', 'medium', 'large']);

function readControl(id: string, control: Fields, claims: Claims, dashboard: Reporter): Control[] {
  const input = fieldsOf(control['explicitInput']);
  const field = textOf(input['fieldName']);
  const report = dashboard.inPanel(`control "${textOf(input['title']) ?? field ?? id}"`);
  const type = textOf(control['type']);
  if (type === 'timeSlider' || type === 'timeSliderControl') return [];
  const known = type === null ? undefined : KINDS[type];
  if (known === undefined) {
    if (type === 'esqlControl') report.note('Controls by ES|QL are not looked into.', 'Look at it in Kibana.');
    else report.mistake(`The control is of type ${shown(type)}.`, `Use ${Object.keys(KINDS).join(' or ')}.`);
    claims.takeAll(`controlGroup_${id}:`);
    return [];
  }
  if (control['width'] !== undefined && !WIDTHS.has(control['width']))
    report.mistake(`The control has the width ${shown(control['width'])}.`, `Use ${[...WIDTHS].join(', ')}.`);
  if (input['id'] !== undefined && input['id'] !== id)
    report.mistake(`The control is ${id}, but its explicitInput.id is ${shown(input['id'])}.`, 'Use one id.');
  if (field === null) report.mistake('The control names no field.', 'Write explicitInput.fieldName.');
  const dataView = claims.take(`controlGroup_${id}:${known.reference}`, 'index-pattern', report);
  const named = textOf(input['dataViewId']);
  if (named !== null && dataView !== null && named !== dataView)
    report.mistake(`The control names the data view ${named}, its reference ${dataView}.`, 'Name the same one.');
  return field === null ? [] : [{ kind: known.kind, field, title: textOf(input['title']) ?? field, dataView }];
}
