import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { libc } from '../../libc.ts';

/** A pipe between us and a program: our end as a stream, the other one as a descriptor, to be closed once the program has it. */
export interface Pipe {
  ours: Socket;
  theirs: number;
  closeTheirs(): void;
}

const O_CLOEXEC = 0o2000000;

/** For what the program reads, or for what it writes. */
export function openPipe(program: 'reads' | 'writes'): Pipe {
  const both = new Int32Array(2);
  const pipe2 = libc().func('int pipe2(void *both, int flags)');
  if (pipe2(both, O_CLOEXEC) !== 0) throw new Error('no pipe could be made');
  const [reading, writing] = [both[0] as number, both[1] as number];
  const [ours, theirs] = program === 'reads' ? [writing, reading] : [reading, writing];
  let isOpen = true;
  return {
    ours: new Socket({ fd: ours, readable: program === 'writes', writable: program === 'reads' }),
    theirs,
    closeTheirs() {
      if (isOpen) closeSync(theirs);
      isOpen = false;
    },
  };
}
