import type { Rule } from '../entry.ts';

export const rule1: Rule = {
  number: 1,
  name: 'Complete',
  clauses: [
    {
      clause: 'a file with an open writer is not taken',
      file: 'orchestrator/watch/open-writers.ts',
      code: "? 'yes' : 'unknown';",
      without: "? 'no' : 'unknown';",
      test: 'orchestrator/watch/watch-dataset.test.ts',
      title: 'rule 1: a file still open for writing is not taken, and is taken whole once it is closed',
    },
    {
      clause: 'nor one that a writer opened while it was looked at',
      file: 'orchestrator/watch/content.ts',
      code: "if (leases && hasWriter(file.fd) === 'yes') return { state: 'written' };",
      without: '',
      test: 'orchestrator/watch/content.test.ts',
      title: 'rule 1: a file that a writer opens while it is read is not complete',
    },
    {
      clause: 'nor one that changed while it was looked at',
      file: 'orchestrator/watch/content.ts',
      code: "if (!(await isSame())) return { state: 'changed' };",
      without: '',
      test: 'orchestrator/watch/content.test.ts',
      title: 'rule 1: a file that is replaced while it is read is not complete',
    },
    {
      clause: 'the lease is given back at once',
      file: 'orchestrator/watch/open-writers.ts',
      code: 'setLease(descriptor, F_UNLCK);',
      without: '',
      test: 'orchestrator/watch/open-writers.test.ts',
      title: 'rule 1: a lease is given back at once: a writer that will not wait can open the file',
    },
    {
      clause: 'SIGIO is handled before the first lease',
      file: 'orchestrator/watch/open-writers.ts',
      code: "process.on('SIGIO', () => {});",
      without: '',
      test: 'orchestrator/watch/open-writers.test.ts',
      title: 'rule 1: the signal of a writer that opens during a lease does not end the process',
    },
    {
      clause: 'tested every 3 ms at first, slowing to 20 ms',
      file: 'orchestrator/watch/settling.ts',
      code: 'entry.testDelayMs = Math.min(SLOWEST_TEST_MS, entry.testDelayMs + 1);',
      without: '',
      test: 'orchestrator/watch/settling.test.ts',
      title: 'rule 1: an open file is tested every 3 ms at first, slowing to 20 ms',
    },
    {
      clause: 'where writers can’t be seen, SETTLE_MS of quiet',
      file: 'orchestrator/watch/settling.ts',
      code: 'const restMs = quietMs === 0 ? 0 : this.#restMs(entry, source, quietMs);',
      without: 'const restMs = 0;',
      test: 'orchestrator/watch/watch-dataset.test.ts',
      title: 'rule 1: where writers can’t be seen, a file is taken after SETTLE_MS of quiet, not before',
    },
  ],
};
