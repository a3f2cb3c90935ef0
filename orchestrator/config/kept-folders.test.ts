import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { asRoot } from '../testing/as-root.ts';
import type { Dataset } from './dataset.ts';
import { KeptFolders } from './kept-folders.ts';
import { datasetOf } from './testing/dataset.ts';

function keptBy(dataDir: string, dataset: Dataset, others: Dataset[] = []): string[] {
  const kept = new KeptFolders(dataDir, () => [dataset, ...others]);
  return kept
    .of(dataset)
    .map(({ path }) => path)
    .toSorted();
}

class Tree implements AsyncDisposable {
  readonly base: string;
  readonly #mounts: string[] = [];

  constructor(base: string) {
    this.base = base;
  }

  static async make(...folders: string[]): Promise<Tree> {
    const tree = new Tree(await mkdtemp(join(tmpdir(), 'kept-')));
    for (const folder of folders) await mkdir(tree.path(folder), { recursive: true });
    return tree;
  }

  path(name: string): string {
    return join(this.base, name);
  }

  bind(from: string, to: string): void {
    execFileSync('mount', ['--bind', this.path(from), this.path(to)]);
    this.#mounts.unshift(this.path(to));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const mount of this.#mounts) execFileSync('umount', [mount]);
    await rm(this.base, { recursive: true, force: true });
  }
}

test('rule 8: DATA_DIR and the backup and quarantine folders of every dataset are not watched', () => {
  const sales = datasetOf('sales', '/srv/x', { BACKUP_DIR: '/srv/x/done' });
  const stock = datasetOf('stock', '/srv/x/data/in/stock', { QUARANTINE_DIR: '/srv/x/bad' });
  assert.deepEqual(keptBy('/srv/x/data', sales, [stock]), ['/srv/x/bad', '/srv/x/data', '/srv/x/done']);
  assert.deepEqual(keptBy('/srv/x/data', stock, [sales]), []);
  const inData = datasetOf('inData', '/srv/x/data/logs');
  assert.deepEqual(keptBy('/srv/x/data', inData), ['/srv/x/data/logs']);
});

test('a link to a folder below WATCH_DIR makes that folder one of ours, whether it is there yet or not', async () => {
  await using tree = await Tree.make('in/sub');
  await symlink(tree.path('in/sub'), tree.path('link'));
  const dataset = (folder: string) => datasetOf('sales', tree.path('in'), { BACKUP_DIR: tree.path(folder) });
  assert.deepEqual(keptBy('/srv/data', dataset('link')), [tree.path('in/sub')]);
  assert.deepEqual(keptBy('/srv/data', dataset('link/later/deep')), [tree.path('in/sub/later/deep')]);
  await symlink(tree.path('in/to-come'), tree.path('dangling'));
  assert.deepEqual(keptBy('/srv/data', dataset('dangling')), [tree.path('in/to-come')]);
  // The other way round: DATA_DIR is a link, and WATCH_DIR is reached by one.
  await symlink(tree.path('in'), tree.path('watched'));
  await symlink(tree.path('in/sub'), tree.path('data'));
  assert.deepEqual(keptBy(tree.path('data'), datasetOf('sales', tree.path('watched'))), [tree.path('watched/sub')]);
});

test('a folder of DATA_DIR that is a link is ours where it leads, also for a WATCH_DIR in the inbox', async () => {
  await using tree = await Tree.make('data/in/sales/sub', 'data/in/stock');
  await symlink(tree.path('data/in/sales/sub'), tree.path('data/backup'));
  assert.deepEqual(keptBy(tree.path('data'), datasetOf('sales', tree.path('data/in/sales'))), [
    tree.path('data/in/sales/sub'),
  ]);
  assert.deepEqual(keptBy(tree.path('data'), datasetOf('stock', tree.path('data/in/stock'))), []);
});

test(
  'bind mounts are seen through: of ours below WATCH_DIR, of WATCH_DIR in ours, of both by a folder above',
  asRoot,
  async () => {
    await using tree = await Tree.make('in/sub', 'in/seen', 'in/all', 'bk/sales', 'bk-too', 'other', 'w', 'blank dir');
    const dataset = (watch: string, backup: string) =>
      datasetOf('sales', tree.path(watch), { BACKUP_DIR: tree.path(backup) });
    // BACKUP_DIR shows a folder of WATCH_DIR.
    tree.bind('in/sub', 'bk-too');
    assert.deepEqual(keptBy('/srv/data', dataset('in', 'bk-too')), [tree.path('in/sub')]);
    assert.deepEqual(keptBy('/srv/data', dataset('in', 'bk-too/x')), [tree.path('in/sub/x')]);
    // A folder of BACKUP_DIR is shown below WATCH_DIR.
    tree.bind('bk/sales', 'in/seen');
    assert.deepEqual(keptBy('/srv/data', dataset('in', 'bk')), [tree.path('in/seen')]);
    // What is mounted below WATCH_DIR holds BACKUP_DIR.
    tree.bind('other', 'in/all');
    assert.deepEqual(keptBy('/srv/data', dataset('in', 'other/deep/bk')), [tree.path('in/all/deep/bk')]);
    // WATCH_DIR shows a folder of BACKUP_DIR.
    tree.bind('bk/sales', 'w');
    assert.deepEqual(keptBy('/srv/data', dataset('w', 'bk')), [tree.path('w')]);
    // Mounts of a path with blanks, and folders that only begin alike.
    tree.bind('in/sub', 'blank dir');
    assert.deepEqual(keptBy('/srv/data', dataset('blank dir', 'in/sub/x')), [tree.path('blank dir/x')]);
    assert.deepEqual(keptBy('/srv/data', dataset('in', 'in-too')), []);
  },
);

test('a folder that something else is mounted over is no longer ours', asRoot, async () => {
  await using tree = await Tree.make('in/sub', 'bk', 'else');
  tree.bind('in/sub', 'bk');
  tree.bind('else', 'in/sub');
  assert.deepEqual(keptBy('/srv/data', datasetOf('sales', tree.path('in'), { BACKUP_DIR: tree.path('bk') })), []);
});
