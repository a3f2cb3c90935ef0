import { configFailure } from '../contract/failure.ts';
import type { Environment } from '../contract/settings.ts';
import { elasticsearch } from './elasticsearch/elasticsearch.ts';
import { lake } from './lake/lake.ts';
import type { TargetKind } from './target.ts';

export type Targets = Readonly<Record<string, TargetKind>>;

/** By LOAD.target. Of those whose connections are there the first is the default; the last needs none. */
export const TARGETS: Targets = { elasticsearch, lake };

/** The name of the target of a dataset that names none. */
export function defaultTarget(env: Environment): string {
  const found = Object.entries(TARGETS).find(([, { traits }]) => traits.needs.every(({ variable }) => env[variable]));
  return (found as [string, TargetKind])[0];
}

/** Throws EtlFailure 78 where there is none of this name. */
export function targetOf(name: string | undefined, targets: Targets = TARGETS): TargetKind {
  if (name !== undefined && Object.hasOwn(targets, name)) return targets[name] as TargetKind;
  throw configFailure(`LOAD.target ${name} is none of ${Object.keys(targets).join(', ')}`);
}
