import type { Dashboard, Panel } from '../dashboard.ts';
import { idOf } from './ids.ts';
import type { Reference, SavedObject } from './saved-object.ts';

/** What a panel becomes on a dashboard, and beside it. */
export interface PanelParts {
  /** Which of Kibana's embeddables shows it. */
  type: 'lens' | 'visualization' | 'map' | 'search';
  /** `embeddableConfig`, without what all panels have. */
  config: Record<string, unknown>;
  /** Named as the embeddable names them: the dashboard puts the panel's id before each. */
  references: Reference[];
  /** Objects that it shows, and that aren't on the dashboard itself. */
  objects: SavedObject[];
  /** That of the object that it shows, if it is one of its own. */
  panelRefName?: string;
  /** Whether it says by itself what its title says. */
  hidesTitle?: boolean;
}

/** The id of a panel, and of what belongs to it. */
export function panelId(dashboard: Dashboard, panel: Panel, ...part: readonly string[]): string {
  return idOf('panel', dashboard.key, panel.key, ...part);
}
