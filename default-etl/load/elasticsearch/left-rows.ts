import type { LeftRows as Left } from '../../contract/protocol.ts';
import type { Place } from './places.ts';

/** Of many indices not every name helps. */
const MOST_NAMES = 10;
const WHY: Record<NonNullable<Place['refusal']>, readonly [ofOne: string, ofMany: string]> = {
  closed: ['it is closed. Open it', 'they are closed. Open them'],
  blocked: [
    'it is blocked for writing. Lift the block (index.blocks)',
    'they are blocked for writing. Lift the blocks (index.blocks)',
  ],
};

/**
 * Rows of former versions that could not be taken out, because their index is closed or blocked. A new file needs
 * nothing of such an index, so nothing waits for it.
 */
export class LeftRows {
  private readonly left = new Map<string, Left>();
  private readonly indices = { closed: new Set<string>(), blocked: new Set<string>() };

  /** Rows of this key may be in a place behind this name. */
  add(name: string, fileKey: string, { index, refusal }: Place): void {
    if (refusal === null) return;
    this.left.set(`${name} ${fileKey}`, { index: name, FILE_KEY: fileKey });
    this.indices[refusal].add(index);
  }

  /** For whoever remembers what the target may hold. */
  list(): Left[] {
    return [...this.left.values()];
  }

  /** For people. */
  sentences(): string[] {
    return (['closed', 'blocked'] as const).flatMap(refusal => {
      const names = [...this.indices[refusal]];
      if (names.length === 0) return [];
      const shown = names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ', …' : '');
      const [one, many] = WHY[refusal];
      const [noun, what] = names.length === 1 ? ['index', one] : ['indices', many];
      return [
        `rows of a former version of this file may still be in ${noun} ${shown}, where they could not be deleted: ${what}, and replay this run`,
      ];
    });
  }
}
