import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'orchestrator-lint-'));

const FORBIDDEN: Array<[file: string, line: string]> = [
  ['orchestrator/errors.ts', "import '../default-etl/contract/contract.ts';"],
  ['orchestrator/clock.ts', "import './errors.ts';"],
  ['orchestrator/config/a.ts', "import '../journal/journal.ts';"],
  ['orchestrator/journal/a.ts', "import '../config/dataset.ts';"],
  ['orchestrator/files/a.ts', "import '../watch/names.ts';"],
  ['orchestrator/journal/below/a.ts', "import '../../watch/watcher.ts';"],
  ['orchestrator/watch/a.ts', "import '../journal/sqlite/sqlite-journal.ts';"],
  ['orchestrator/watch/a2.ts', "import '../run/runner.ts';"],
  ['orchestrator/watch/a3.ts', "import { stat } from 'node:fs/promises';\nexport const look = stat;"],
  ['orchestrator/watch/below/a.ts', "import { statSync } from 'node:fs';\nexport const look = statSync;"],
  ['orchestrator/run/docker/a.ts', "import '../../schedule/scheduler.ts';"],
  ['orchestrator/run/a.ts', "import '../../default-etl/load/elasticsearch/elasticsearch-target.ts';"],
  ['orchestrator/schedule/a.ts', "import '../journal/sqlite/sqlite-journal.ts';"],
  ['orchestrator/schedule/a2.ts', "import '../run/docker/docker-runner.ts';"],
  ['orchestrator/api/a.ts', "import '../schedule/scheduler.ts';"],
  ['orchestrator/schedule/a3.ts', "import { open } from 'node:fs/promises';\nexport const use = open;"],
  ['orchestrator/dispose/a.ts', "import { rmSync } from 'node:fs';\nexport const use = rmSync;"],
  ['orchestrator/rejects/a.ts', "import { createReadStream } from 'node:fs';\nexport const use = createReadStream;"],
  ['orchestrator/api/a2.ts', "import { readFile } from 'node:fs/promises';\nexport const use = readFile;"],
  ['orchestrator/cli/a.ts', "import '../service.ts';"],
  ['orchestrator/service.ts', "import '../default-etl/main.ts';"],
  ['orchestrator/run/a3.ts', "export const path = process.env['PATH'];"],
  ['orchestrator/run/a4.ts', 'export const words = process.argv;'],
  ['default-etl/a.ts', "import '../orchestrator/errors.ts';"],
  ['default-etl/load/a.ts', "import '../../orchestrator/errors.ts';"],
  ['default-etl/load/lake/a.ts', "import '../../../orchestrator/errors.ts';"],
];

const ALLOWED: typeof FORBIDDEN = [
  ['orchestrator/config/b.ts', "import '../errors.ts';"],
  ['orchestrator/watch/b.ts', "import '../journal/journal.ts';\nimport '../config/dataset.ts';"],
  ['orchestrator/watch/b2.ts', "import type { BigIntStats } from 'node:fs';\nexport type Stats = BigIntStats;"],
  ['orchestrator/watch/b.test.ts', "import { stat } from 'node:fs/promises';\nexport const look = stat;"],
  ['orchestrator/run/b.ts', "import '../../default-etl/contract/contract.ts';"],
  ['orchestrator/schedule/b.ts', "import '../journal/journal.ts';\nimport '../run/runner.ts';"],
  [
    'orchestrator/dispose/b.ts',
    "import type { FileHandle } from 'node:fs/promises';\nexport type Handle = FileHandle;",
  ],
  ['orchestrator/api/page.ts', "import { readFile } from 'node:fs/promises';\nexport const use = readFile;"],
  ['orchestrator/main.ts', "import './service.ts';\nexport const words = process.argv;"],
  ['default-etl/load/b.ts', "import '../contract/protocol.ts';"],
];

before(() => {
  cpSync(join(root, '.oxlintrc.json'), join(project, '.oxlintrc.json'));
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  for (const [file, line] of [...FORBIDDEN, ...ALLOWED]) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), `${line}\n`);
  }
});
after(() => rmSync(project, { recursive: true, force: true }));

test('the linter holds who may import what', () => {
  const found = filesWithErrors();
  assert.deepEqual([...found].sort(), FORBIDDEN.map(([file]) => file).sort());
});

function filesWithErrors(): Set<string> {
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format=json'], {
    cwd: project,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Array<{ filename: string; severity: string }> };
  return new Set(diagnostics.filter(({ severity }) => severity === 'error').map(({ filename }) => filename));
}
