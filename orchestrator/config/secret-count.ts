import { LONGEST_SECRET, MOST_SECRETS } from '../log/secret-bounds.ts';
import { compose } from './messages.ts';
import type { Origin } from './tree.ts';
import type { Finding } from './validate.ts';

/** One dataset may have a quarter of what all may have. */
const SHARE = 4;

/** Counts secrets, since the log has to look for all of them. */
export class SecretCount {
  readonly #known = new Set<string>();
  #characters = 0;

  /** The first value with which a dataset has too many; its secrets are counted where there is none. */
  find(origins: ReadonlyMap<string, Pick<Origin, 'secrets'>>): Finding[] {
    const own = new Set<string>();
    const all = [...origins].flatMap(([pointer, { secrets }]) => secrets.map(secret => ({ pointer, secret })));
    let [characters, texts, allCharacters] = [0, this.#known.size, this.#characters];
    for (const { pointer, secret } of all) {
      if (own.has(secret)) continue;
      own.add(secret);
      characters += secret.length;
      const isNew = !this.#known.has(secret);
      texts += isNew ? 1 : 0;
      allCharacters += isNew ? secret.length : 0;
      const isOfOne = secret.length > LONGEST_SECRET || !fits(own.size * SHARE, characters * SHARE);
      if (isOfOne || !fits(texts, allCharacters)) return [tooMany(pointer)];
    }
    for (const secret of own) this.#known.add(secret);
    this.#characters = allCharacters;
    return [];
  }
}

function fits(texts: number, characters: number): boolean {
  return texts <= MOST_SECRETS.texts && characters <= MOST_SECRETS.characters;
}

function tooMany(pointer: string): Finding {
  const code = 'too-many-secrets';
  return { code, message: compose(code, MOST_SECRETS.texts, LONGEST_SECRET), pointer, at: 'value' };
}
