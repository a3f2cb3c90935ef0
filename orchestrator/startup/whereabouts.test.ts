import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findWhereabouts, isProject, noteWhereabouts, notesFolder, type Whereabouts } from './whereabouts.ts';

test('a project is a folder with datasets or a journal, and whatever variables name', t => {
  const { base } = setUp(t);
  assert.equal(isProject(base, {}), false);
  for (const name of ['CONFIG_DIR', 'DATA_DIR', 'JOURNAL']) assert.equal(isProject(base, { [name]: 'x' }), true);
  mkdirSync(join(base, 'config'));
  mkdirSync(join(base, 'data'));
  assert.equal(isProject(base, {}), false, 'folders of such names are common');
  writeFileSync(join(base, 'config', 'sales.yaml'), '');
  assert.equal(isProject(base, {}), true);
  rmSync(join(base, 'config'), { recursive: true });
  writeFileSync(join(base, 'data', 'journal.sqlite'), '');
  assert.equal(isProject(base, {}), true);
});

test('the only orchestrator that was started is meant, of several the one that is running; else it is asked back', t => {
  const { base, notes } = setUp(t);
  assert.equal(
    findWhereabouts(notes, () => true),
    null,
  );
  const [one, two] = [place(base, 'one'), place(base, 'two')];
  noteWhereabouts(notes, one);
  noteWhereabouts(notes, one);
  assert.deepEqual(
    findWhereabouts(notes, () => false),
    one,
  );
  noteWhereabouts(notes, two);
  assert.deepEqual(
    findWhereabouts(notes, dataDir => dataDir === two.variables.DATA_DIR),
    two,
  );
  assert.throws(() => findWhereabouts(notes, () => true), /several orchestrators of this user are running: .*one.*two/);
  assert.throws(() => findWhereabouts(notes, () => false), /several orchestrators were started by this user/);
  rmSync(two.variables.DATA_DIR, { recursive: true });
  assert.deepEqual(
    findWhereabouts(notes, () => false),
    one,
  );
  noteWhereabouts(notes, one);
  assert.equal(readdirSync(notes).length, 1, 'what is gone is forgotten');
});

test('what others could have written, is no note, or is a link is not believed', t => {
  const { base, notes } = setUp(t);
  noteWhereabouts(notes, place(base, 'one'));
  const [name] = readdirSync(notes) as [string];
  chmodSync(join(notes, name), 0o666);
  assert.equal(
    findWhereabouts(notes, () => true),
    null,
  );
  writeFileSync(join(notes, 'broken.json'), '{');
  writeFileSync(join(notes, 'other.json'), '{"workingDir":1,"variables":{}}');
  chmodSync(join(notes, name), 0o600);
  symlinkSync(join(notes, name), join(notes, 'link.json'));
  assert.equal(findWhereabouts(notes, () => true)?.workingDir, join(base, 'one'));
});

test('notes are below XDG_STATE_HOME, by default in the home of the user', () => {
  assert.equal(notesFolder({}, '/home/a'), '/home/a/.local/state/orchestrator-etl');
  assert.equal(notesFolder({ XDG_STATE_HOME: '/s' }, '/home/a'), '/s/orchestrator-etl');
});

function place(base: string, name: string): Whereabouts {
  const workingDir = join(base, name);
  const variables = {
    CONFIG_DIR: join(workingDir, 'config'),
    DATA_DIR: join(workingDir, 'data'),
    HOST: '127.0.0.1',
    PORT: '1',
  };
  mkdirSync(variables.DATA_DIR, { recursive: true });
  assert.ok(existsSync(variables.DATA_DIR));
  return { workingDir, variables: { ...variables, JOURNAL: join(variables.DATA_DIR, 'journal.sqlite') } };
}

function setUp(t: TestContext): { base: string; notes: string } {
  const base = mkdtempSync(join(tmpdir(), 'whereabouts-'));
  t.after(() => rmSync(base, { recursive: true }));
  return { base, notes: join(base, 'notes') };
}
