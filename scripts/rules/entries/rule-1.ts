import type { Rule } from '../entry.ts';

export const rule1: Rule = {
  number: 1,
  name: 'Complete',
  clauses: {
    'a file with an open writer is not taken': {
      code: "? 'yes' : 'unknown';",
      without: "? 'no' : 'unknown';",
      title: 'rule 1: a file still open for writing is not taken, and is taken whole once it is closed',
    },
    'nor one that a writer opened while it was looked at': {
      title: 'rule 1: a file that a writer opens while it is read is not complete',
    },
    'nor one that changed while it was looked at': {
      title: 'rule 1: a file that is replaced while it is read is not complete',
    },
    'the lease is given back at once': {
      title: 'rule 1: a lease is given back at once: a writer that will not wait can open the file',
    },
    'SIGIO is handled before the first lease': {
      title: 'rule 1: the signal of a writer that opens during a lease does not end the process',
    },
    'tested every 3 ms at first, slowing to 20 ms': {
      title: 'rule 1: an open file is tested every 3 ms at first, slowing to 20 ms',
    },
    'where writers can’t be seen, SETTLE_MS of quiet': {
      without: '    const restMs = 0;',
      title: 'rule 1: where writers can’t be seen, a file is taken after SETTLE_MS of quiet, not before',
    },
  },
};
