import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator } from './harness.ts';
import { elasticsearchNode } from './index.ts';

const SECRET = 'a-secret-that-nobody-sees';

test('a run of a process and what it printed are found in Elasticsearch by the id of the run, without secrets', async context => {
  const folder = await makeFolder({
    printing: [
      "WATCH_DIR: '{folder}/in'",
      'RUNNER: process',
      `COMMAND: /bin/sh -c "echo token $A_TOKEN in use; exit 65"`,
      `ENV: { A_TOKEN: ${SECRET} }`,
      '',
    ].join('\n'),
  });
  context.after(() => removeFolder(folder));
  mkdirSync(join(folder, 'in'));
  const node = elasticsearchNode();
  const orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: node });
  context.after(() => orchestrator.kill('SIGKILL'));
  writeFileSync(join(folder, 'in', 'a.csv'), 'a\n1\n');
  const [run] = await orchestrator.waitForRuns('dataset=printing', runs => runs[0]?.endedAt != null);
  const client = new Client({ node });
  context.after(() => client.close());
  const found = async (index: string, term: Record<string, string>) => {
    await client.indices.refresh({ index, ignore_unavailable: true });
    const { hits } = await client.search<Record<string, any>>({ index, query: { term }, ignore_unavailable: true });
    return hits.hits.map(({ _source }) => _source!);
  };
  const metrics = () => found('metrics-orchestrator.runs-default', { 'orchestrator.run.id': run!.id });
  const printed = async () =>
    (await found('logs-orchestrator-default', { 'labels.run_id': run!.id })).filter(
      line => line['log.logger'] === 'run',
    );
  await waitFor('both are there', async () => (await metrics()).length === 1 && (await printed()).length === 1);
  const [told] = await metrics();
  assert.deepEqual(
    [told!.event.dataset, told!.event.outcome, told!.orchestrator.run.state],
    ['printing', 'failure', run!.state],
  );
  assert.equal((await printed())[0]!.message, 'token *** in use');
  assert.doesNotMatch(JSON.stringify([await metrics(), await printed()]), new RegExp(SECRET));
});
