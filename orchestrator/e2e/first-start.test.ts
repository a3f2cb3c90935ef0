import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { removeFolder, startOrchestrator, type TestOrchestrator, withoutServices } from './harness.ts';

const shippedConfig = fileURLToPath(new URL('../../config', import.meta.url));
let folder: string;
let orchestrator: TestOrchestrator;

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await removeFolder(folder);
});

test('the first start without Elasticsearch and Docker shows the sample’s rows to who opens the link it printed, and takes a second file within 2 s', async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-first-'));
  await cp(shippedConfig, join(folder, 'config'), { recursive: true });
  orchestrator = await startOrchestrator(folder, withoutServices(folder));
  const [sample] = await orchestrator.waitForRuns('dataset=default', runs => runs[0]?.endedAt != null);
  assert.deepEqual([sample?.file, sample?.state, sample?.rowsLoaded], ['seattle-weather.csv', 'done', 1461]);
  const cookie = await signInByLink(await orchestrator.output());
  const answer = await fetch(`${orchestrator.url}/api/lake/default?limit=5`, { headers: { cookie } });
  const lake = (await answer.json()) as { total: number; rows: unknown[] };
  assert.deepEqual([lake.total, lake.rows.length], [1461, 5]);

  const inbox = join(folder, 'data', 'in', 'default');
  await mkdir(inbox, { recursive: true });
  const closedAt = Date.now();
  await writeFile(join(inbox, 'communes é.csv'), 'Nom;Dépt\nSaint-Étienne;42\n', 'latin1');
  const [second] = await orchestrator.waitForRuns('dataset=default&file=communes', runs => runs[0]?.endedAt != null);
  assert.deepEqual([second?.state, second?.rowsLoaded], ['done', 1]);
  assert.ok(Date.parse(second?.endedAt ?? '') - closedAt < 2000);

  const [done, hint] = ['seattle-weather.csv: done, 1,461 rows', 'now copy files of your own into'];
  const output = await orchestrator.output();
  assert.ok(output.includes(done) && output.indexOf(hint) > output.indexOf(done), output);
  assert.match(output, /see its rows at http:\/\/127[^ ]+\/#rows=default[^]*of your own into [^ ]*data\/in\/default/);
});

/** What a browser does with the link that the start has printed. Returns the session's cookie. */
async function signInByLink(output: string): Promise<string> {
  const [, link = ''] = /sign in by (http:[^ ]+)/.exec(output) ?? [];
  const { origin, hash } = new URL(link);
  assert.match(await (await fetch(link)).text(), /<title>Sign in/);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ code: hash.slice(1) });
  const response = await fetch(`${origin}/api/sign-in`, { method: 'POST', headers, body });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}
