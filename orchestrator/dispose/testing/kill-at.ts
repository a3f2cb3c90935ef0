// Preloaded into a child: kills it right after its n-th change of the file system (KILL_AT, from 1).
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const CHANGES = ['link', 'unlink', 'rename', 'rmdir', 'mkdir', 'open'] as const;
let left = Number(process.env['KILL_AT']);

for (const name of CHANGES) {
  const original = fs[name] as (...args: unknown[]) => Promise<unknown>;
  // NO_LINKS stands for another device: nothing can be linked across.
  const refuse = name === 'link' && process.env['NO_LINKS'] === 'true';
  Object.assign(fs, {
    [name]: async (...args: unknown[]) => {
      if (refuse && String(args[1]).endsWith('.part')) throw Object.assign(new Error('EXDEV'), { code: 'EXDEV' });
      const result = await original(...args);
      const isLook = name === 'open' && (Number(args[1]) & constants.O_CREAT) === 0;
      if (!isLook && --left === 0) process.kill(process.pid, 'SIGKILL');
      return result;
    },
  });
}
syncBuiltinESMExports();
