import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOnLoopback, Subnets } from './addresses.ts';

test('a node is on loopback by its name or address, whatever its port, user and path', () => {
  for (const node of [
    'http://localhost:9200',
    'https://u:p@127.0.0.1/x',
    'http://127.8.9.1',
    'http://[::1]:9200',
    'http://es.localhost',
  ])
    assert.equal(isOnLoopback(node), true, node);
  for (const node of ['http://elasticsearch:9200', 'http://10.0.0.1', 'http://localhost.example.org', 'no url', ''])
    assert.equal(isOnLoopback(node), false, node);
});

test('an address is found in its subnet, also where IPv6 has it, and nowhere else', () => {
  const subnets = new Subnets(['172.18.0.0/16', 'fd00:1::/64', 'nonsense', '10.0.0.1']);
  for (const address of [
    '172.18.0.1',
    '172.18.255.254',
    '::ffff:172.18.0.9',
    '::ffff:ac12:9',
    'fd00:1::7',
    'fd00:1::7%eth0',
  ])
    assert.equal(subnets.has(address), true, address);
  for (const address of ['172.19.0.1', '127.0.0.1', '::1', '::ffff:10.0.0.1', 'fd00:2::7', 'nonsense', ''])
    assert.equal(subnets.has(address), false, address);
});
