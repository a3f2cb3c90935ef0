// Keeps DATA_DIR (the argument), prints its holder id, and waits to be killed.
import { ownHolderId } from '../holder.ts';
import { lockDataDir } from '../lock.ts';

lockDataDir(process.argv[2] ?? '');
process.stdout.write(`${ownHolderId()}\n`);
setInterval(() => {}, 1000);
