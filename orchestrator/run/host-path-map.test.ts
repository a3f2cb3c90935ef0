import assert from 'node:assert/strict';
import { it } from 'node:test';
import { kindOf } from '../errors.ts';
import { checkHostPaths, hostPathOf } from './host-path-map.ts';

const map = [
  { from: '/app', to: '/srv/app' },
  { from: '/app/data', to: '/mnt/big/' },
  { from: '/tmp', to: '/' },
];

it('without a map a path is the same for the engine', () => {
  assert.equal(hostPathOf(null, '/in/sales'), '/in/sales');
});

it('the longest fitting pair translates a path', () => {
  assert.equal(hostPathOf(map, '/app/config/sales'), '/srv/app/config/sales');
  assert.equal(hostPathOf(map, '/app/data/runs/1'), '/mnt/big/runs/1');
  assert.equal(hostPathOf(map, '/app/data'), '/mnt/big');
  assert.equal(hostPathOf(map, '/app/database'), '/srv/app/database');
  assert.equal(hostPathOf(map, '/tmp'), '/');
  assert.equal(hostPathOf(map, '/tmp/x'), '/x');
});

it('a path that is not covered can never be mounted, and the error names the mount to add', () => {
  assert.throws(
    () => hostPathOf(map, '/in/sales'),
    (error: Error) =>
      kindOf(error) === 'never' && /volumes: HOST_FOLDER:\/in\/sales.*HOST_PATH_MAP/.test(error.message),
  );
});

it('the check at the start names every path that is not covered, and pairs of folders that are not there', () => {
  const complaints = checkHostPaths(
    [
      { from: '/tmp', to: '/x' },
      { from: '/not-there', to: '/y' },
    ],
    ['/tmp/a', '/in', '/out'],
  );
  assert.equal(complaints.length, 3);
  assert.match(complaints[0] ?? '', /\/not-there does not exist/);
  assert.match(complaints[1] ?? '', /^\/in is inside/);
  assert.match(complaints[2] ?? '', /^\/out is inside/);
  assert.deepEqual(checkHostPaths(null, ['/in']), []);
});
