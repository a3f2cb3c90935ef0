import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { askTroubles } from './ask-troubles.ts';

test('what is degraded or failing is a line each; what the journal tells itself is left out; who has no token is told nothing', async () => {
  const part = (status: string, message: string | null = null) => ({ status, message });
  const parts = {
    journal: part('ok'),
    engine: part('unused', 'no engine'),
    elasticsearch: part('degraded', 'it does not answer'),
    config: part('degraded', '2 to mend'),
    disk: part('failing', 'full'),
    watchers: [
      { dataset: 'sales', ...part('degraded', 'EACCES') },
      { dataset: 'other', ...part('ok') },
      { dataset: 'linked', ...part('ok', '3 links are not followed') },
    ],
  };
  const server = createServer(({ headers }, response) => {
    const answer = headers.authorization === 'Bearer ours' ? { status: 'failing', parts } : { status: 'failing' };
    response.writeHead(503).end(JSON.stringify(answer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const lines = await askTroubles({ host: '0.0.0.0', port, token: 'ours' });
  assert.equal(await askTroubles({ host: '127.0.0.1', port, token: null }), null);
  server.close();
  server.closeAllConnections();
  assert.deepEqual(lines, [
    'elasticsearch: it does not answer',
    'disk: full',
    'sales: EACCES',
    'linked: 3 links are not followed',
  ]);
  assert.equal(await askTroubles({ host: '127.0.0.1', port, token: 'ours' }), null);
});
