import assert from 'node:assert/strict';
import { chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { kindOf } from '../errors.ts';
import { realInputFolder } from './input-folder.ts';
import { makeJob, makePlace } from './testing/attempts.ts';

test('a run’s data folder is what has its place now, unless the policy or a link of others keeps it', async t => {
  const place = await makePlace();
  t.after(() => place.remove());
  const forbidden = `${place.watchDir}.away`;
  const whyForbidden = (rule: string, path: string) =>
    rule === 'folders' && path === forbidden ? 'is not allowed' : null;
  const job = await makeJob(place, { whyForbidden });
  assert.equal(await realInputFolder(job), place.watchDir);
  await rename(place.watchDir, forbidden);
  assert.equal(await realInputFolder(job), null);
  await symlink(forbidden, place.watchDir);
  await assert.rejects(realInputFolder(job), error => kindOf(error) === 'wait' && /is not allowed/.test(String(error)));
  await rm(place.watchDir);
  await mkdir(`${place.watchDir}.other`);
  await symlink(`${place.watchDir}.other`, place.watchDir);
  assert.equal(await realInputFolder(job), `${place.watchDir}.other`);
  await chmod(dirname(place.watchDir), 0o777);
  await assert.rejects(
    realInputFolder(job),
    error => kindOf(error) === 'wait' && /others than root/.test(String(error)),
  );
});
