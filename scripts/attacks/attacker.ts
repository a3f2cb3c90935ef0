import { execa } from 'execa';

/** A user of this machine who may do nothing in particular. */
export const ATTACKER = 1234;
/** What setpriv makes him of. */
export const AS_ATTACKER = [`--reuid=${ATTACKER}`, `--regid=${ATTACKER}`, '--clear-groups'] as const;

/** What a shell script of the attacker's writes, stdout and stderr together; it may fail. */
export async function asAttacker(script: string, ...args: string[]): Promise<string> {
  return outputOf('setpriv', [...AS_ATTACKER, '/bin/sh', '-c', script, 'sh', ...args]);
}

/** The same, with the project at /mnt: the checkout itself may lie where he can't enter. */
export async function asAttackerInProject(project: string, script: string, ...args: string[]): Promise<string> {
  const drop = `setpriv ${AS_ATTACKER.join(' ')}`;
  const inside = `mount --bind "$1" /mnt && cd /mnt && shift && exec ${drop} /bin/sh -c "$0" sh "$@"`;
  return outputOf('unshare', ['--mount', '/bin/sh', '-c', inside, script, project, ...args]);
}

async function outputOf(program: string, args: string[]): Promise<string> {
  const { all } = await execa(program, args, { all: true, reject: false, stdin: 'ignore', timeout: 20_000 });
  return all;
}
