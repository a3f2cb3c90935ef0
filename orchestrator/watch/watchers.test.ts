import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datasetOf } from '../config/testing/dataset.ts';
import { excludedFolders } from './watchers.ts';

test('rule 8: DATA_DIR and the backup and quarantine folders of every dataset are not watched', () => {
  const sales = datasetOf('sales', '/srv', { BACKUP_DIR: '/srv/done' });
  const stock = datasetOf('stock', '/data/in/stock', { QUARANTINE_DIR: '/srv/bad' });
  assert.deepEqual(excludedFolders(sales, [sales, stock], '/data').toSorted(), ['/data', '/srv/bad', '/srv/done']);
  assert.deepEqual(excludedFolders(stock, [sales, stock], '/data').toSorted(), ['/srv/bad', '/srv/done']);
});
