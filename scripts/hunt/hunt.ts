import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Case, Kind } from './case.ts';
import { knownOf } from './known.ts';
import { readByOurs } from './our-reader.ts';
import type { TableReader } from './reader.ts';
import { type Difference, differenceOf, type Reading } from './table.ts';

export interface HuntOptions {
  kind: Kind;
  cases: fc.Arbitrary<Case>;
  count: number;
  seed: number;
  readers: readonly TableReader[];
}

/** A way in which ours differs from a reader and nothing explains it, by the smallest file that shows it. */
export interface Finding {
  kind: Kind;
  reader: string;
  difference: Difference;
  seed: number;
  /** Where fast-check begins to make this very file again. */
  path: string;
  file: Case;
  ours: Reading;
  theirs: Reading;
}

export interface HuntResult {
  /** Files that were read; comparisons are more. */
  files: number;
  comparisons: number;
  /** Differences by the name of what explains them. */
  explained: Map<string, number>;
  findings: Finding[];
}

/** Of one kind so many ways to differ are looked for: more are not told apart any more. */
const MOST_FINDINGS = 10;

type Seen = Pick<Finding, 'reader' | 'difference' | 'ours' | 'theirs'>;

/**
 * Makes files and reads each by ours and by the readers. Of each way to differ that nothing explains the smallest file
 * is looked for; what was found once is passed over while the next is looked for.
 */
export async function hunt({ kind, cases, count, seed, readers }: HuntOptions): Promise<HuntResult> {
  const folder = mkdtempSync(join(tmpdir(), 'hunt-'));
  const result: HuntResult = { files: 0, comparisons: 0, explained: new Map(), findings: [] };
  const comparer = new Comparer(
    readers.filter(reader => reader.kinds.includes(kind)),
    folder,
  );
  try {
    for (let left = count, turn = seed; left > 0 && result.findings.length < MOST_FINDINGS; turn++) {
      const isNew = ({ reader, difference }: Seen) =>
        !result.findings.some(found => found.reader === reader && found.difference === difference);
      const property = fc.asyncProperty(cases, async file => !(await comparer.compare(file)).some(isNew));
      const ran = await fc.check(property, { seed: turn, numRuns: left });
      left = ran.failed ? left - ran.numRuns : 0;
      const [file] = ran.counterexample ?? [];
      if (!ran.failed || file === undefined) continue;
      if (ran.errorInstance instanceof Error && !isPropertyFailure(ran.errorInstance)) throw ran.errorInstance;
      const shown = (await comparer.compare(file)).find(isNew);
      if (shown) result.findings.push({ kind, file, seed: turn, path: ran.counterexamplePath ?? '', ...shown });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...result, files: comparer.files, comparisons: comparer.comparisons, explained: comparer.explained };
}

/** What fast-check throws itself where the property says false. */
function isPropertyFailure(error: Error): boolean {
  return error.message === 'Property failed by returning false';
}

class Comparer {
  files = 0;
  comparisons = 0;
  readonly explained = new Map<string, number>();
  private readonly readers: readonly TableReader[];
  private readonly folder: string;

  constructor(readers: readonly TableReader[], folder: string) {
    this.readers = readers;
    this.folder = folder;
  }

  /** What nothing explains. */
  async compare(file: Case): Promise<Seen[]> {
    const path = join(this.folder, file.name);
    writeFileSync(path, file.bytes);
    const ours = await readByOurs(path, file.name, join(this.folder, 'work'));
    this.files++;
    const seen: Seen[] = [];
    for (const { name, read, findsOut } of this.readers) {
      if (!file.isPlain && !findsOut) continue;
      const theirs = await read(file, path);
      if (theirs === undefined) continue;
      this.comparisons++;
      const difference = differenceOf(ours, theirs);
      if (difference === undefined) continue;
      const known = knownOf(name, file, ours, theirs);
      if (known) this.explained.set(known.name, (this.explained.get(known.name) ?? 0) + 1);
      else seen.push({ reader: name, difference, ours, theirs });
    }
    return seen;
  }
}
