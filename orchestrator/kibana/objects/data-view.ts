import type { DataView } from '../dashboard.ts';
import { fieldFormat } from './field-format.ts';
import { idOf } from './ids.ts';
import { savedObject, type SavedObject } from './saved-object.ts';

/** The id of the data view with this key, whichever dashboard names it. */
export function dataViewId(view: DataView): string {
  return idOf('data view', view.key);
}

/** Kibana reads the fields from the index itself. */
export function dataViewObject(view: DataView): SavedObject {
  const formats = Object.entries(view.formats).map(([field, format]) => [field, fieldFormat(format)] as const);
  return savedObject('index-pattern', dataViewId(view), {
    title: view.pattern,
    name: view.name,
    ...(view.timeField === null ? {} : { timeFieldName: view.timeField }),
    fieldFormatMap: JSON.stringify(Object.fromEntries(formats.toSorted(byField))),
    fieldAttrs: '{}',
    fields: '[]',
    runtimeFieldMap: '{}',
    sourceFilters: '[]',
    allowHidden: false,
  });
}

function byField([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
