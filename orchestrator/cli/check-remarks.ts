import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { aroundText, disguisedText, KeptFolders } from '../config/kept-folders.ts';
import { moduleOf } from '../config/receivers.ts';
import { codeOf, messageOf } from '../errors.ts';
import { askEtl } from '../etl/ask.ts';

/** How WATCH_DIRs and the orchestrator's own folders lie to each other: mistakes, where nothing could be taken, and warnings. */
export function keptFrom(datasets: readonly Dataset[], dataDir: string): { around: string[]; disguised: string[] } {
  const kept = new KeptFolders(dataDir, () => datasets);
  const texts = (tell: typeof aroundText) => datasets.flatMap(dataset => tell(dataset, kept.of(dataset)) ?? []);
  return { around: texts(aroundText), disguised: texts(disguisedText).map(asWarning) };
}

function asWarning(text: string): string {
  return text.replace(': ', ': warning: ');
}

/** What may be meant so, but would surprise. */
export async function remarksOn(dataset: Dataset): Promise<string[]> {
  const remarks = [await remarkOnFolder(dataset), await remarkOnCommand(dataset), ...(await remarksOnModules(dataset))];
  return remarks.filter(remark => remark !== undefined).map(remark => `dataset ${dataset.name}: warning: ${remark}`);
}

async function remarkOnFolder({ watchDir }: Dataset): Promise<string | undefined> {
  try {
    return (await stat(watchDir)).isDirectory() ? undefined : `WATCH_DIR ${watchDir} is no folder; name one`;
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? `WATCH_DIR ${watchDir} does not exist yet; it is created before it is first watched`
      : `WATCH_DIR ${watchDir} can't be read (${codeOf(error) ?? messageOf(error)}); give this user access`;
  }
}

async function remarkOnCommand({ command: [program] }: Dataset): Promise<string | undefined> {
  if (program === undefined || !isAbsolute(program)) return undefined;
  const isFile = await stat(program).then(
    found => found.isFile(),
    () => false,
  );
  return isFile ? undefined : `COMMAND ${program} is not there; each run would fail`;
}

/** The default ETL imports them, as it does in a run, in a process of its own: what they do on import is not done here. */
async function remarksOnModules({ settings, configFolder }: Dataset): Promise<string[]> {
  const files = settings.TRANSFORM.flatMap(step => moduleOf(step) ?? []);
  const environment = Object.fromEntries(
    Object.entries(settings.ENV ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const remarks = files.map(async file => {
    const reason = await whyNotImported(file, configFolder, environment);
    return reason === undefined ? [] : [`${reason}; each run would fail`];
  });
  return (await Promise.all(remarks)).flat();
}

async function whyNotImported(
  file: string,
  folder: string,
  environment: Record<string, string>,
): Promise<string | undefined> {
  const args = ['--check-module', `--name=${file}`, join(folder, file)];
  const signal = AbortSignal.timeout(IMPORT_TIMEOUT_MS);
  try {
    for await (const _ of askEtl({ args, environment, folders: [folder], runsModules: true, signal }));
    return undefined;
  } catch (error) {
    return signal.aborted ? `module ${file} is not imported within ${IMPORT_TIMEOUT_MS / 1000} s` : messageOf(error);
  }
}

const IMPORT_TIMEOUT_MS = 10_000;
