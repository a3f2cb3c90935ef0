import type { Reporter } from '../finding.ts';
import type { Reference } from '../saved-object.ts';

/** The references of an object, of which each user takes its own. */
export interface Claims {
  /** Id of the reference of this name, or null; a missing one, or one of another type, is told. */
  take(name: string, type: string, report: Reporter): string | null;
  /** The same, but nothing is told where it is missing. */
  takeIfAny(name: string, type: string, report: Reporter): string | null;
  /** All references whose name begins so, taken without a look. */
  takeAll(prefix: string): Reference[];
  /** The names of those that nobody took. */
  left(): string[];
}

/** Claims on a list of references. */
export function makeClaims(references: readonly Reference[]): Claims {
  const byName = new Map(references.map(reference => [reference.name, reference]));
  const taken = new Set<string>();
  const takeIfAny: Claims['takeIfAny'] = (name, type, report) => {
    const reference = byName.get(name);
    if (reference === undefined) return null;
    taken.add(name);
    if (reference.type === type) return reference.id;
    report.mistake(
      `The reference ${name} is to an object of type ${reference.type}, where ${type} is wanted.`,
      `Refer to an object of type ${type}.`,
    );
    return null;
  };
  return {
    takeIfAny,
    take(name, type, report) {
      if (!byName.has(name))
        report.mistake(`There is no reference ${name}.`, `Add it to the object's references, with type ${type}.`);
      return takeIfAny(name, type, report);
    },
    takeAll(prefix) {
      const found = references.filter(reference => reference.name.startsWith(prefix));
      for (const { name } of found) taken.add(name);
      return found;
    },
    left: () => references.map(({ name }) => name).filter(name => !taken.has(name)),
  };
}

/** Claims on references whose names have a prefix in the object, as those of a panel have. */
export function claimsBelow(claims: Claims, prefix: string): Claims {
  return {
    take: (name, type, report) => claims.take(prefix + name, type, report),
    takeIfAny: (name, type, report) => claims.takeIfAny(prefix + name, type, report),
    takeAll: more => claims.takeAll(prefix + more),
    left: () => claims.left().filter(name => name.startsWith(prefix)),
  };
}
