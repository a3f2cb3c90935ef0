import { canInstallPackages, installPackages } from '../services/apt.ts';
import { announce, hasCommand } from '../services/command.ts';

/** Programs that single tests run, and the Debian packages that have them. */
const TOOLS: Readonly<Record<string, string>> = {
  bindfs: 'bindfs',
  'mkfs.exfat': 'exfatprogs',
  'mount.exfat-fuse': 'exfat-fuse',
  'systemd-analyze': 'systemd',
};

/** Installs those that are missing, where we may. Where we may not their tests are skipped, which `npm test` tells. */
export async function installTools(): Promise<void> {
  const missing = Object.entries(TOOLS).filter(([command]) => !hasCommand(command));
  if (missing.length === 0 || !canInstallPackages()) return;
  const names = missing.map(([, name]) => name);
  await installPackages(names, 'tests use them').catch((error: unknown) => announce(String(error)));
}
