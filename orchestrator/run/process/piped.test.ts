import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('where there is no room for all of its pipes, none stays open', async () => {
  const script = `(async () => {
    const { closeSync, openSync, readdirSync } = await import('node:fs');
    const { launchPiped } = await import(${JSON.stringify(new URL('./piped.ts', import.meta.url).href)});
    const request = { command: ['/bin/true'], environment: {}, cwd: '/', umask: 0o077, limits: {} };
    const first = await launchPiped(request);
    first.go();
    await first.ended;
    for (const stream of [first.stdin, first.stdout, first.stderr]) stream.destroy();
    await new Promise(resolve => setTimeout(resolve, 50));
    const taken = [];
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {}
    for (const descriptor of taken.splice(0, 5)) closeSync(descriptor);
    const told = await launchPiped(request).then(() => 'launched', error => error.message);
    await new Promise(resolve => setTimeout(resolve, 50));
    let room = 0;
    try {
      for (; ; room += 1) openSync('/dev/null', 'r');
    } catch {}
    console.log(JSON.stringify({ told, room }));
    process.exit();
  })()`;
  const run = promisify(execFile);
  const { stdout } = await run('/bin/sh', ['-c', 'ulimit -n 128; exec "$0" -e "$1"', process.execPath, script]);
  assert.deepEqual(JSON.parse(stdout), { told: 'no pipe could be made', room: 5 });
});
