import { createMask, type Mask } from '../../log/mask.ts';

/** Secrets of a dataset's attempts, the newest: each attempt may have a key of its own. */
const MOST_REMEMBERED = 200;

/** By dataset, the secrets that its attempts were given. Of nothing else may a run see in its log that it is a secret. */
export class GivenSecrets {
  readonly #given = new Map<string, { secrets: readonly string[]; mask: Mask }>();

  add(dataset: string, secrets: readonly string[]): void {
    const former = this.#given.get(dataset)?.secrets ?? [];
    if (secrets.every(secret => former.includes(secret))) return;
    const known = [...new Set([...former, ...secrets])].slice(-MOST_REMEMBERED);
    this.#given.set(dataset, { secrets: known, mask: createMask(known) });
  }

  has(dataset: string): boolean {
    return this.#given.has(dataset);
  }

  /** The text without them. */
  mask(text: string, dataset: string): string {
    return this.#given.get(dataset)?.mask.text(text) ?? text;
  }
}
