import { execa } from 'execa';

/** A user of this machine who may do nothing in particular. */
export const ATTACKER = 1234;

/** What a shell script of the attacker's writes, stdout and stderr together; it may fail. */
export async function asAttacker(script: string, ...args: string[]): Promise<string> {
  const drop = [`--reuid=${ATTACKER}`, `--regid=${ATTACKER}`, '--clear-groups'];
  const { all } = await execa('setpriv', [...drop, '/bin/sh', '-c', script, 'sh', ...args], {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  });
  return all;
}

/** The same, with the project at /mnt: the checkout itself may lie where he can't enter. */
export async function asAttackerInProject(project: string, script: string, ...args: string[]): Promise<string> {
  const drop = `setpriv --reuid=${ATTACKER} --regid=${ATTACKER} --clear-groups`;
  const inside = `mount --bind "$1" /mnt && cd /mnt && shift && exec ${drop} /bin/sh -c "$0" sh "$@"`;
  const { all } = await execa('unshare', ['--mount', '/bin/sh', '-c', inside, script, project, ...args], {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  });
  return all;
}
