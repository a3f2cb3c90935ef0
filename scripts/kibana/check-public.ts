// Runs the structural part of `orchestrator kibana check` over a folder of anybody's saved objects: exports (.ndjson) and
// packages of Elastic Agent (<package>/kibana/<type>/<object>.json). What is right there and yet called a mistake is a
// mistake of the checker.
//
//   node scripts/kibana/check-public.ts FOLDER [--all]
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { checkStructure } from '../../orchestrator/kibana/check/check-structure.ts';
import { countText, findingText } from '../../orchestrator/kibana/check/findings-text.ts';
import type { Finding } from '../../orchestrator/kibana/check/finding.ts';
import { readObjects } from '../../orchestrator/kibana/check/read-objects.ts';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { all: { type: 'boolean' } } });
const folder = positionals[0];
if (folder === undefined) throw new Error('Name a folder: node scripts/kibana/check-public.ts FOLDER [--all]');

const groups = groupFiles(folder);
const findings: Finding[] = [];
const types = new Map<string, number>();
for (const files of groups.values()) {
  const objects = files.flatMap(file => readObjects(relative(folder, file), readFileSync(file, 'utf8'), findings));
  for (const { type } of objects) types.set(type, (types.get(type) ?? 0) + 1);
  checkStructure(objects, findings);
}
for (const finding of findings)
  if (values.all === true || finding.level !== 'note') process.stdout.write(`${findingText(finding)}\n`);
const counted = [...types].toSorted((a, b) => b[1] - a[1]).map(([type, count]) => `${count} ${type}`);
process.stdout.write(`${groups.size} packages or files with ${counted.join(', ')}: ${countText(findings)}\n`);

/** Files that belong together: those of one package, or each export for itself. */
function groupFiles(root: string): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const inPackage = /^(.*\/)?kibana\/(dashboard|index_pattern|lens|map|search|tag|visualization)\/[^/]+\.json$/.exec(
      name,
    );
    if (inPackage === null && !name.endsWith('.ndjson')) continue;
    const key = inPackage === null ? name : `${inPackage[1] ?? ''}kibana`;
    grouped.set(key, [...(grouped.get(key) ?? []), join(root, name)]);
  }
  return grouped;
}
