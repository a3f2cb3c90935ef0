import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlacedClause } from './entry.ts';
import { textWithout } from './markers.ts';

const COPIED = ['orchestrator', 'default-etl', 'scripts', 'config', 'docker', 'package.json', 'tsconfig.json'];

/** A copy of the checkout in which code can be taken out. */
export interface Scratch {
  folder: string;
  /** For the temporary folders of the tests: what one that was cut short leaves goes with the copy. */
  temporary: string;
  /** Does the work with the clause's code taken out. */
  without<Result>(clause: PlacedClause, work: () => Promise<Result>): Promise<Result>;
  remove(): void;
}

/** Copies what the tests need; node_modules is the checkout's own. */
export function makeScratch(root: string): Scratch {
  const base = mkdtempSync(join(tmpdir(), 'rules-'));
  const folder = join(base, 'checkout');
  const temporary = join(base, 'tmp');
  mkdirSync(temporary);
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    temporary,
    async without(clause, work) {
      const path = join(folder, clause.file);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, textWithout(text, clause) ?? text);
      try {
        return await work();
      } finally {
        writeFileSync(path, text);
      }
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}
