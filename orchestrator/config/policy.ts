import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { totalmem } from 'node:os';
import { closest } from '../../default-etl/contract/contract.ts';
import { isWithin } from '../files/within.ts';
import { codeOf, messageOf } from '../errors.ts';
import { defaultsOf, type SchemaNode } from './describe.ts';
import { toMistake } from './locate.ts';
import { compose, type Mistake, ofFile, sortMistakes } from './messages.ts';
import { type Places, realPathOf, shownPath } from './places.ts';
import { limitsSchema, policySchema, type PolicySettings } from './policy-schema.ts';
import { isMapOrEmpty, readSource, type Source } from './source.ts';
import { pathOf, readTree, type Tree } from './tree.ts';
import { whyUntrusted } from './trusted.ts';
import { atKey, compileSchema, findKeyErrors, type Finding, siblingsAt } from './validate.ts';

/** What the datasets of this orchestrator may do. */
export interface Policy {
  /** Every rule, defaults filled in. */
  settings: PolicySettings;
  /** Its file as people call it; null where there is none and the defaults hold. */
  file: string | null;
  /** SHA-256 of the settings. */
  hash: string;
}

/** A policy, or why there is none that could be trusted. */
export interface ReadPolicy {
  policy: Policy | null;
  mistakes: Mistake[];
}

const schema = policySchema as SchemaNode;
const isValid = compileSchema(policySchema);

/**
 * Reads the administrator's policy; without a file, the defaults. Whatever is wrong with it, there is no policy then.
 * Never throws.
 */
export function readPolicy(places: Places): ReadPolicy {
  const { policyFile, root, isPolicyNamed } = places;
  const shown = shownPath(policyFile, root);
  const untrusted = whyNotTrusted(places);
  if (untrusted !== undefined) return { policy: null, mistakes: [ofFile(shown, null, 'untrusted-policy', untrusted)] };
  if (!isPolicyNamed && !isThere(policyFile)) return { policy: policyOf({}, null), mistakes: [] };
  const { source, mistakes, intact } = readSource(policyFile, shown);
  if (!intact || !isMapOrEmpty(source)) {
    const [mistake = { code: 'not-a-policy', message: compose('not-a-policy'), source, offset: 0 } as const] = mistakes;
    return { policy: null, mistakes: [toMistake(mistake, null)] };
  }
  return judge(source);
}

/** A policy of these rules, without a file. */
export function policyOf(given: Partial<PolicySettings>, file: string | null): Policy {
  const { limits, ...rules } = given;
  const settings = {
    ...defaultsOf(policySchema.properties),
    ...rules,
    limits: { ...defaultsOf(limitsSchema.properties), memory: String(totalmem()), ...limits },
  } as PolicySettings;
  return { settings, file, hash: createHash('sha256').update(JSON.stringify(settings)).digest('hex') };
}

/** What can't be looked at is there, and so is a link without a target: somebody meant something by it. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ENOENT';
  }
}

function whyNotTrusted({ policyFile, configDir }: Places): string | undefined {
  if (isWithin(realPathOf(policyFile), realPathOf(configDir)))
    return 'it is in CONFIG_DIR, where whoever writes datasets could write it; put it elsewhere';
  if (!isThere(policyFile)) return undefined;
  try {
    const writer = whyUntrusted(policyFile);
    return writer && `${writer}; let only root and the orchestrator's user write there`;
  } catch (error) {
    return messageOf(error);
  }
}

function judge(source: Source): ReadPolicy {
  const rights = { variable: () => undefined, file: () => undefined };
  const tree = readTree(source, { env: {}, root: '/', rights, kindsAt: () => undefined });
  const set = Object.fromEntries(Object.entries(tree.value).filter(([, value]) => value !== null));
  const findings = findKeyErrors(set, isValid, unknownKey, (_, value) => JSON.stringify(value).slice(0, 80));
  const mistakes = [
    ...tree.mistakes.map(mistake => toMistake(mistake, null)),
    ...findings.map(finding => toMistake({ ...finding, source, offset: offsetOf(finding, tree) }, null)),
  ];
  if (mistakes.length > 0) return { policy: null, mistakes: sortMistakes(mistakes) };
  return { policy: policyOf(set as Partial<PolicySettings>, source.shown), mistakes };
}

function offsetOf({ pointer, at: part }: Finding, { origins }: Tree): number {
  const origin = origins.get(pointer);
  return (part === 'key' ? origin?.keyAt : origin?.valueAt) ?? 0;
}

function unknownKey(parent: string, key: string): Finding {
  const path = pathOf(parent);
  const shown = [...path, key].join('.');
  return atKey('unknown-key', compose('unknown-key', shown, closest(key, siblingsAt(schema, path))), [...path, key]);
}
