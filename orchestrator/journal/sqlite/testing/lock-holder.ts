// Keeps DATA_DIR (the argument), prints its holder id, and waits to be killed.
import { ownHolderId } from '../../holder.ts';
import { lockDataDir } from '../lock.ts';

lockDataDir(process.argv[2] ?? '');
process.stdout.write(`${ownHolderId()}\n`);
// The lock must outlive what the collector can find unused.
setInterval(() => {
  globalThis.gc?.();
  process.stdout.write('collected\n');
}, 20);
