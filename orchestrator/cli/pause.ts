import type { CommandDeps } from './deps.ts';
import { unknownDataset } from './run.ts';

/** `orchestrator pause|resume DATASET…`. Files are noticed all the same; runs that go on end. */
export function pauseDatasets(deps: CommandDeps, names: readonly string[], isPaused: boolean): Promise<number> {
  return deps.withJournal(async journal => {
    const [{ datasets }, summaries] = await Promise.all([deps.config(), journal.summaries()]);
    const known = [...new Set([...datasets.map(({ name }) => name), ...summaries.map(({ dataset }) => dataset)])];
    for (const name of names) if (!known.includes(name)) throw unknownDataset(name, known);
    for (const name of names) await journal.pause(name, isPaused);
    deps.terminal.write(`${names.join(', ')}: ${isPaused ? 'paused' : 'resumed'}\n`);
    return 0;
  });
}
