import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

test('what the service was started with open is closed for its runs', async () => {
  const script = `(async () => {
    const { launch } = await import(${JSON.stringify(new URL('./launcher.ts', import.meta.url).href)});
    const launched = await launch({
      command: ['/bin/ls', '/proc/self/fd'], environment: {}, cwd: '/', umask: 0o077, output: { stdout: 1, stderr: 2 }, limits: {},
    });
    launched.go();
    await launched.ended;
  })()`;
  const open = openSync('/dev/null', 'r');
  const others = Array.from({ length: 197 }, () => 'ignore' as const);
  const service = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit', ...others, open],
  });
  closeSync(open);
  const [listed] = await Promise.all([text(service.stdout as NodeJS.ReadableStream), once(service, 'exit')]);
  assert.match(listed, /^0\n1\n2\n/);
  assert.doesNotMatch(listed, /^200$/m);
});
