import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { watchTests } from './watch.ts';
import { versionsTests } from './versions.ts';
import { claimTests } from './claim.ts';
import { attemptsTests } from './attempts.ts';
import { leasesTests } from './leases.ts';
import { ledgerTests } from './ledger.ts';
import { peopleTests } from './people.ts';
import { disposalTests } from './disposal.ts';
import { readingTests } from './reading.ts';
import { pruneTests } from './prune.ts';
import { forgetTests } from './forget.ts';
import { attentionTests } from './attention.ts';
import { rowsThereTests } from './rows-there.ts';
import { pathTests } from './path.ts';
import { tellingTests } from './telling.ts';
import { type OpenJournal, Hand, type Bench } from './hand.ts';

/** What every journal must do, whatever holds it. */
export function journalConformance(name: string, open: () => Promise<OpenJournal>): void {
  describe(`journal: ${name}`, () => {
    const bench = {} as Bench;
    beforeEach(async () => {
      bench.opened = await open();
      bench.journal = bench.opened.journal;
      bench.hand = new Hand(bench.journal);
    });
    afterEach(async () => {
      await bench.journal.close();
      await bench.opened.remove();
    });

    watchTests(bench);
    versionsTests(bench);
    claimTests(bench);
    attemptsTests(bench);
    leasesTests(bench);
    ledgerTests(bench);
    peopleTests(bench);
    disposalTests(bench);
    readingTests(bench);
    pruneTests(bench);
    forgetTests(bench);
    attentionTests(bench);
    rowsThereTests(bench);
    pathTests(bench);
    tellingTests(bench);

    it('what was written is there after it is closed and opened again', async () => {
      const run = await bench.hand.load('a.csv', 1);
      const other = await bench.opened.again();
      assert.deepEqual(await other.run(run.id), run);
      await other.close();
    });
  });
}
