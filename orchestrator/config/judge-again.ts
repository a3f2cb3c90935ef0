import type { Dataset } from './dataset.ts';
import { findForbidden } from './judge.ts';
import type { Places } from './places.ts';
import type { Policy } from './policy.ts';
import { rightsOf } from './rights.ts';
import type { Settings } from './schema.ts';
import type { Variables } from './substitute.ts';

/**
 * Why a policy doesn't give a dataset what it asks for as it was loaded; undefined where it does. What its YAML refers
 * to (variables, files) is not known any more: that is judged when it is read again.
 */
export function whyForbiddenNow(
  { name, settings, written, configFolder }: Dataset,
  policy: Policy,
  places: Places,
  env: Variables,
): string | undefined {
  // Defaults are made smaller by the policy, so that they are never above it. That of CONNECTIONS says what LOAD.target
  // alone doesn't any more.
  const asked = Object.entries(settings).filter(([key]) => written.includes(key) || key === 'CONNECTIONS');
  const judged = {
    name,
    settings: Object.fromEntries(asked) as Partial<Settings>,
    root: places.root,
    configFolder,
    target: settings.LOAD.target!,
  };
  return findForbidden(judged, policy, rightsOf(policy, places, name), env['ELASTICSEARCH_NODE'])[0]?.message;
}
