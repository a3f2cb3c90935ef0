// Draws the dashboards of a file of saved objects as pages, from nothing but the file and what Elasticsearch answers, and
// as pictures where Chromium is installed:
//
//   node scripts/kibana/draw.ts FILE.ndjson [--out FOLDER] [--locale fr]
//
// ELASTICSEARCH_NODE names the server. What Kibana itself draws is more beautiful; what it shows is the same.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from '@elastic/elasticsearch';
import { checkAgainstServer } from '../../orchestrator/kibana/check/check-server.ts';
import { checkStructure } from '../../orchestrator/kibana/check/check-structure.ts';
import { findingText } from '../../orchestrator/kibana/check/findings-text.ts';
import type { Finding } from '../../orchestrator/kibana/check/finding.ts';
import { readObjects } from '../../orchestrator/kibana/check/read-objects.ts';
import { elasticsearchServer } from '../../orchestrator/kibana/check/server/server.ts';
import { hasCommand } from '../services/command.ts';
import { drawPage, type DrawnPage } from './drawing/page.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: '.' }, locale: { type: 'string', default: 'en' } },
});
const [file] = positionals;
const node = process.env['ELASTICSEARCH_NODE'];
if (file === undefined || node === undefined)
  throw new Error('Name a file, and the server in ELASTICSEARCH_NODE: node scripts/kibana/draw.ts FILE.ndjson');

mkdirSync(values.out, { recursive: true });
const client = new Client({ node });
const findings: Finding[] = [];
const reading = checkStructure(readObjects(file, readFileSync(file, 'utf8'), findings), findings);
const shown = await checkAgainstServer(reading, elasticsearchServer(client));
await client.close();
for (const finding of findings) process.stderr.write(`${findingText(finding)}\n`);
for (const one of shown) write(drawPage(one, values.locale), join(values.out, fileName(one.dashboard.title)));

function fileName(title: string): string {
  return title
    .normalize('NFKD')
    .replaceAll(/[^\w.-]+/g, '-')
    .slice(0, 80);
}

function write(page: DrawnPage, path: string): void {
  writeFileSync(`${path}.html`, page.html);
  process.stdout.write(`${path}.html\n`);
  const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(hasCommand);
  if (chromium === undefined) return;
  execFileSync(
    chromium,
    [
      '--headless',
      '--no-sandbox',
      '--hide-scrollbars',
      `--window-size=${page.width},${page.height}`,
      `--screenshot=${resolve(path)}.png`,
      `file://${resolve(path)}.html`,
    ],
    { stdio: 'ignore', timeout: 60_000 },
  );
  process.stdout.write(`${path}.png\n`);
}
