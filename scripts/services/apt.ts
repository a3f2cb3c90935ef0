import { announce, hasCommand, runCommand } from './command.ts';

/** How long another program's apt-get is waited for. */
const LOCK_TIMEOUT = 'DPkg::Lock::Timeout=300';

let listsAreFresh = false;
/** Services are brought up side by side, but apt-get lets only one at its lists and packages. */
let queue: Promise<void> = Promise.resolve();

/** Installs Debian packages. Throws, saying what a person has to do, where we are not root or there is no apt-get. */
export async function installPackages(names: string[], why: string): Promise<void> {
  if (!canInstallPackages()) {
    throw new Error(
      `${why}: ${names.join(', ')} must be installed, and only root can, with apt-get; install it and try again`,
    );
  }
  const turn = queue.then(() => install(names, why));
  queue = turn.catch(() => {});
  await turn;
}

async function install(names: string[], why: string): Promise<void> {
  announce(`${why}: installing ${names.join(', ')} with apt-get…`);
  if (!listsAreFresh) await runCommand('apt-get', ['update', '-q']);
  listsAreFresh = true;
  await runCommand('apt-get', ['install', '-o', LOCK_TIMEOUT, '-y', '-q', '--no-install-recommends', ...names], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    todo: 'look at the message above and install it by hand',
  });
}

/** Tries one set of packages after the other. */
export async function installAnyOf(choices: string[][], why: string): Promise<void> {
  for (const [position, names] of choices.entries()) {
    try {
      return await installPackages(names, why);
    } catch (error) {
      if (position === choices.length - 1) throw error;
    }
  }
}

export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && hasCommand('apt-get');
}
