import type { CommandDeps } from '../deps.ts';
import { importEach, importFile, writeDataset } from './import.ts';

export interface ImportRequest {
  files: readonly string[];
  /** Into CONFIG_DIR, under this name, or under that of the file or process; to stdout unless set. */
  write?: string | true;
}

/**
 * `orchestrator import FILE…`: YAML of what ran before, on stdout or as a dataset in CONFIG_DIR; what deserves a look
 * on stderr.
 */
export async function importDrafts(deps: CommandDeps, { files, write }: ImportRequest): Promise<number> {
  const { terminal } = deps;
  const drafts = write === true ? await importEach(...files) : [await importFile(...files)];
  for (const { name, yaml, warnings } of drafts) {
    for (const warning of warnings) terminal.writeError(`${drafts.length > 1 ? name : files[0]}: ${warning}\n`);
    if (write === undefined) terminal.write(yaml);
    else {
      const path = await writeDataset(deps.configDir(), write === true ? name : write, yaml);
      terminal.write(`written to ${path}; see: orchestrator check\n`);
    }
  }
  return 0;
}
