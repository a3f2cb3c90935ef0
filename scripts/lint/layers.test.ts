import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importMistake, LAYERS } from './layers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ROOMS = Object.keys(LAYERS);

/** Files that the linter must refuse, beside one of each room. */
const REFUSED: Record<string, string> = {
  'orchestrator/watch/below/deeper/still/a.ts': "export { x } from '../../../../schedule/scheduler.ts';",
  'orchestrator/run/docker/a.ts': "export * from '../../schedule/scheduler.ts';",
  'orchestrator/schedule/a1.ts': "export const load = () => import('../journal/sqlite.ts');",
  'orchestrator/schedule/a2.ts': "export type Runner = import('../run/docker/docker-runner.ts').DockerRunner;",
  'orchestrator/new-room/a.ts': "import '../errors.ts';",
  'orchestrator/watch/a1.ts': "import { stat } from 'node:fs/promises';\nexport const use = stat;",
  'orchestrator/dispose/a1.ts': "import { rmSync } from 'node:fs';\nexport const use = rmSync;",
  'orchestrator/rejects/a1.ts': "import { createReadStream } from 'node:fs';\nexport const use = createReadStream;",
  'orchestrator/api/a1.ts': "import { readFile } from 'node:fs/promises';\nexport const use = readFile;",
  'orchestrator/run/a1.ts': "export const path = process.env['PATH'];",
  'orchestrator/run/a2.ts': 'export const words = process.argv;',
};

const ACCEPTED: Record<string, string> = {
  'orchestrator/watch/b1.ts': "import '../journal/journal.ts';\nimport '../config/dataset.ts';",
  'orchestrator/watch/b2.ts': "import type { BigIntStats } from 'node:fs';\nexport type Stats = BigIntStats;",
  'orchestrator/watch/b3.test.ts':
    "import { stat } from 'node:fs/promises';\nimport '../journal/sqlite.ts';\nexport const look = stat;",
  'orchestrator/main.ts': "import './service.ts';\nexport const words = process.argv;",
};

test('every room is there, and what it may import, too', () => {
  const places = new Set([...ROOMS, ...Object.values(LAYERS).flat()]);
  assert.deepEqual(
    [...places].filter(place => !existsSync(join(root, place))),
    [],
  );
});

test('what is not named is forbidden, whether it is a room, a module of one, or new', () => {
  const layers = { a: ['b/face.ts'], 'a/below': [], b: [] };
  assert.equal(importMistake('a/x.ts', 'a/deep/y.ts', layers), null);
  assert.equal(importMistake('a/x.ts', 'b/face.ts', layers), null);
  assert.match(importMistake('a/x.ts', 'b/other.ts', layers) ?? '', /^a may not import b\/other\.ts: .* b\/face\.ts/);
  assert.match(importMistake('a/below/x.ts', 'a/y.ts', layers) ?? '', /^a\/below may not .* nothing of ours/);
  assert.match(importMistake('c/x.ts', 'b/face.ts', layers) ?? '', /^c\/x\.ts is in no room/);
});

test('the linter refuses a forbidden import of each room, at any depth and in any form, and accepts the rest', t => {
  const forbidden = ROOMS.flatMap(room => {
    const module = /\.[jt]s$/.test(room) ? room : `${room}/forbidden.ts`;
    const imported = ROOMS.map(other => (/\.[jt]s$/.test(other) ? other : `${other}/module.ts`));
    const wrong = imported.find(other => importMistake(module, other) !== null);
    return wrong === undefined || module in ACCEPTED ? [] : [[module, importOf(module, wrong)] as const];
  });
  assert.ok(forbidden.length > ROOMS.length - 6, 'nearly every room has something that it may not import');
  const refused = { ...REFUSED, ...Object.fromEntries(forbidden) };
  const project = mkdtempSync(join(tmpdir(), 'layers-'));
  t.after(() => rmSync(project, { recursive: true }));
  cpSync(join(root, '.oxlintrc.json'), join(project, '.oxlintrc.json'));
  cpSync(join(root, 'scripts/lint'), join(project, 'scripts/lint'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  for (const [file, text] of Object.entries({ ...refused, ...ACCEPTED })) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), `${text}\n`);
  }
  assert.deepEqual(filesWithErrors(project), Object.keys(refused).sort());
});

function importOf(module: string, imported: string): string {
  const path = relative(dirname(module), imported);
  return `import '${path.startsWith('.') ? path : `./${path}`}';`;
}

function filesWithErrors(project: string): string[] {
  const { stdout } = spawnSync(
    join(root, 'node_modules/.bin/oxlint'),
    ['--format=json', 'orchestrator', 'default-etl', 'config', 'scripts/forbidden.ts'],
    {
      cwd: project,
      encoding: 'utf8',
    },
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Array<{ filename: string; severity: string }> };
  return [
    ...new Set(diagnostics.filter(({ severity }) => severity === 'error').map(({ filename }) => filename)),
  ].sort();
}
