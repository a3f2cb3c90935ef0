// Part of the image's build: loads small files as a container would, so that the compiled code of all that ran is in
// the folder that NODE_COMPILE_CACHE names, which bin.js looks for. The first run counts: what it compiled is kept as
// it is.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin.js', import.meta.url));
const ROWS = 20_000;
/** Whoever started it has nothing of it once it is gone. */
const parent = process.ppid;
const LOOK_MS = 200;

/** As far as a load asks: a new index, and every row taken. */
function answerAsElasticsearch(): RequestListener {
  let isMade = false;
  const index = { aliases: {}, mappings: {}, settings: { 'index.uuid': 'u', 'index.gc_deletes': '1d' } };
  return (request, response) => {
    const path = request.url ?? '';
    const isMissing = request.method === 'GET' && !isMade;
    if (request.method === 'PUT' && !path.startsWith('/_index_template')) isMade = true;
    request.resume().on('end', () => {
      response.setHeader('x-elastic-product', 'Elasticsearch').statusCode = isMissing ? 404 : 200;
      response.end(path.includes('_bulk') ? '{"errors":false}' : JSON.stringify(isMissing ? {} : { index }));
    });
  };
}

async function run(file: string, environment: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [bin, file], { env: { ...process.env, ...environment }, stdio: 'inherit' });
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    child.kill('SIGKILL');
    process.exit(1);
  }, LOOK_MS);
  child.once('close', () => clearInterval(looking));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
}

const folder = mkdtempSync(join(tmpdir(), 'compile-ahead-'));
const server = createServer(answerAsElasticsearch()).listen(0, '127.0.0.1');
try {
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const csv = join(folder, 'a.csv');
  const row = '2013,1,"1",517.5,,UA,"a ""b""",2013-01-01T05:00:00Z\n';
  writeFileSync(csv, `a,b,c,d,e,f,g,h\n${row.repeat(ROWS)}`);
  const ndjson = join(folder, 'a.ndjson');
  writeFileSync(ndjson, '{"a":1,"b":"x","c":null,"d":[true]}\n'.repeat(ROWS));
  for (const file of [csv, ndjson]) {
    for (const target of ['elasticsearch', 'lake']) {
      const LOAD = JSON.stringify({ target, index: 'index' });
      await run(file, { ELASTICSEARCH_NODE: `http://127.0.0.1:${port}`, LOAD, WORK_DIR: join(folder, target) });
    }
  }
} finally {
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
