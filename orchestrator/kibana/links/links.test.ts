import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../journal/journal.ts';
import { dashboardLink, rowsLink, type ShownDataset } from './links.ts';
import { risonParameter } from './rison.ts';

const PLACE = { publicUrl: 'https://kibana.example.org/kibana', space: 'default' };
const SHOWN: ShownDataset = {
  dashboard: 'd-1',
  view: 'v-1',
  timeField: 'DAY',
  timeRange: { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
};
const ROWS = { hasSource: false, hasOwnIds: false };

function run(others: object): Run {
  const rows = { read: 2, loaded: 2, rejected: 0, filtered: 0, deleted: 0 };
  const id = '0199a3c8-1111-7111-8111-111111111111';
  return { id, file: 'a.csv', state: 'done', action: 'add', fileKey: 'KEY', rows, ...others } as unknown as Run;
}

/** What a page reads of an address. */
function states(url: string | null): { g: string; a: string } {
  const parameters = new URLSearchParams(new URL(url ?? '').hash.slice('#/?'.length));
  assert.deepEqual([...parameters.keys()], ['_g', '_a']);
  return { g: parameters.get('_g') ?? '', a: parameters.get('_a') ?? '' };
}

test('a dashboard’s address, in the default space and in another one', () => {
  assert.equal(dashboardLink(PLACE, 'd-1'), 'https://kibana.example.org/kibana/app/dashboards#/view/d-1');
  assert.equal(
    dashboardLink({ ...PLACE, space: 'figures' }, 'd 1'),
    'https://kibana.example.org/kibana/s/figures/app/dashboards#/view/d%201',
  );
});

test('few rows are found by their ids', () => {
  const { g, a } = states(rowsLink(PLACE, SHOWN, run({}), ROWS));
  assert.equal(g, "('time':('from':'2026-01-01T00:00:00.000Z','to':'2026-02-01T00:00:00.000Z'))");
  assert.match(a, /'dataSource':\('type':'dataView','dataViewId':'v-1'\)/);
  assert.match(a, /'ids':\('values':!\('KEY-0000000001','KEY-0000000002'\)\)/);
});

test('rows that have their run are found by it, however many', () => {
  const rows = { read: 5_000, loaded: 5_000, rejected: 0, filtered: 0, deleted: 0 };
  const { a } = states(rowsLink(PLACE, SHOWN, run({ rows }), { ...ROWS, hasSource: true }));
  assert.match(a, /'query':\('language':'kuery','query':'SOURCE_RUN : "0199a3c8-1111-7111-8111-111111111111"'\)/);
});

test('of others all rows of the dataset are shown, and none of runs that loaded none', () => {
  const many = { read: 101, loaded: 101, rejected: 0, filtered: 0, deleted: 0 };
  for (const [others, rows] of [
    [{ rows: many }, ROWS],
    [{}, { ...ROWS, hasOwnIds: true }],
    [{ fileKey: null }, ROWS],
  ] as const) {
    assert.match(
      states(rowsLink(PLACE, SHOWN, run(others), rows)).a,
      /'filters':!\(\),'query':\('language':'kuery','query':''\)/,
    );
  }
  assert.equal(rowsLink(PLACE, SHOWN, run({ state: 'failed' }), ROWS), null);
  assert.equal(rowsLink(PLACE, SHOWN, run({ rows: null }), ROWS), null);
  assert.equal(rowsLink(PLACE, SHOWN, run({ action: 'delete' }), ROWS), null);
});

test('a view without a time field has no time range', () => {
  assert.equal(states(rowsLink(PLACE, { ...SHOWN, timeField: null }, run({}), ROWS)).g, '()');
});

test('no name of a file breaks out of its address, or out of the text that it is in', () => {
  for (const file of ["'),query:(x", '&_a=(x)#"><script>', "!!'!(", '\ud800 %27 +']) {
    const url = rowsLink(PLACE, SHOWN, run({ file }), ROWS);
    const { a } = states(url);
    const text = `'alias':'${file.toWellFormed().replaceAll(/['!]/g, '!$&')}'`;
    assert.ok(a.includes(text), a);
    assert.doesNotMatch(url ?? '', /["<>\s]/);
  }
});

test('all kinds of values', () => {
  assert.equal(
    decodeURIComponent(risonParameter({ a: [1, true, false, null], "b'": {} })),
    "('a':!(1,!t,!f,!n),'b!'':())",
  );
});
