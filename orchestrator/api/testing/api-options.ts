import assert from 'node:assert/strict';
import { createLogger } from '../../log.ts';
import type { ApiOptions } from '../options.ts';

/**
 * What a test's own options don't say: any free port of loopback, nothing that anybody may ask for, nobody who must
 * show a token.
 */
export const API_OPTIONS: Omit<ApiOptions, 'journal' | 'dataDir'> = {
  status: assert.fail,
  host: '127.0.0.1',
  port: 0,
  allowedHosts: [],
  publicUrl: null,
  token: null,
  now: Date.now,
  logger: createLogger({ level: 'error', terminal: false, stream: null, elasticsearch: null }),
  mask: text => text,
  actions: {
    cancel: assert.fail,
    replay: assert.fail,
    mend: () => assert.fail(),
    pause: assert.fail,
    acknowledge: assert.fail,
    acknowledgeAll: assert.fail,
  },
};
