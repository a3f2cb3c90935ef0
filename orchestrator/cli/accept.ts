import type { CommandDeps } from './deps.ts';
import { unknownDataset } from './run.ts';

/** `orchestrator accept DATASET…`: files that went missing together with their folder count as deleted. */
export function acceptMissing(deps: CommandDeps, names: readonly string[]): Promise<number> {
  return deps.withJournal(async journal => {
    const known = (await deps.config()).datasets.map(({ name }) => name);
    for (const name of names) if (!known.includes(name)) throw unknownDataset(name, known);
    for (const name of names) {
      const files = await journal.clearSuspects(name, null);
      deps.terminal.write(`${name}: files that went missing with their folder and now count as deleted: ${files}\n`);
    }
    return 0;
  });
}
