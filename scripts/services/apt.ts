import { announce, hasCommand, runCommand } from './command.ts';

let listsAreFresh = false;

/** Installs Debian packages. Throws, saying what a person has to do, where we are not root or there is no apt-get. */
export async function installPackages(names: string[], why: string): Promise<void> {
  if (!canInstallPackages()) {
    throw new Error(
      `${why}: ${names.join(', ')} must be installed, and only root can, with apt-get; install it and try again`,
    );
  }
  announce(`${why}: installing ${names.join(', ')} with apt-get…`);
  if (!listsAreFresh) await runCommand('apt-get', ['update', '-q']);
  listsAreFresh = true;
  await runCommand('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], {
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
