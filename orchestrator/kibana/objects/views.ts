import { OrchestratorError } from '../../errors.ts';
import type { Dashboard, DataView } from '../dashboard.ts';

/** The data view with this key, or the first one. Throws where the dashboard has no such. */
export function viewOf(dashboard: Dashboard, key: string | undefined): DataView {
  const view = key === undefined ? dashboard.views[0] : dashboard.views.find(one => one.key === key);
  if (view !== undefined) return view;
  throw new OrchestratorError('bug', `dashboard ${dashboard.key} has no data view ${key ?? 'at all'}`);
}
