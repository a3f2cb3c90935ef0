import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { askState } from './ask-state.ts';

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
  const configErrors = [{ file: 'config/a.yaml', line: 2, column: 1, message: 'X is not a key' }];
  const items = [
    { name: 'sales', watchDir: '/in' },
    { name: 'former', watchDir: null },
  ];
  const server = createServer(({ headers, url }, response) => {
    const answer = url === '/api/datasets' ? { items } : { status: 'failing', parts, configErrors };
    const isOurs = headers.authorization === 'Bearer ours';
    response.writeHead(503).end(JSON.stringify(isOurs ? answer : { status: 'failing' }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const state = await askState({ host: '0.0.0.0', port, token: 'ours' });
  assert.equal(await askState({ host: '127.0.0.1', port, token: null }), null);
  server.close();
  server.closeAllConnections();
  assert.deepEqual(state, {
    troubles: ['elasticsearch: it does not answer', 'disk: full', 'sales: EACCES'],
    notices: ['linked: 3 links are not followed'],
    datasets: [items[0]],
    errors: ['config/a.yaml:2:1: X is not a key'],
    warnings: [],
  });
  assert.equal(await askState({ host: '127.0.0.1', port, token: 'ours' }), null);
});
