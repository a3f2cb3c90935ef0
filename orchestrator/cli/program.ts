import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { TARGETS } from '../../default-etl/contract/contract.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import type { RunState } from '../journal/journal.ts';
import { addCommand, type End } from './add-command.ts';
import type { CommandDeps } from './deps.ts';
import { addKibana } from './kibana.ts';

const TITLES = Object.values(TARGETS).map(({ traits }) => traits.title);

interface ReplayFlags {
  failed?: string;
  quarantined?: string;
  rejects?: string;
  follow?: boolean;
}

/**
 * The command line, joined to what it commands. `run` gives the exit code, and never throws for what a user did. What a
 * command needs is loaded when it is called: all of it takes a second of CPU and 100 MB.
 */
export function createProgram(deps: CommandDeps): { run(args: readonly string[]): Promise<number> } {
  let exitCode = 0;
  const program = new Command('orchestrator')
    .description(`Files copied into folders become rows in ${TITLES.join(', or in ')}.`)
    .version(deps.version)
    .exitOverride()
    .showHelpAfterError('(add --help to see how)')
    .configureOutput({ writeOut: text => deps.terminal.write(text), writeErr: text => deps.terminal.writeError(text) });
  addCommands(program, deps, async outcome => {
    exitCode = await outcome;
  });
  return {
    async run(args) {
      try {
        await program.parseAsync(args, { from: 'user' });
        return exitCode;
      } catch (error) {
        return failedCode(error, deps);
      }
    },
  };
}

/** Commander has told its own errors already, and ends --help by throwing. */
function failedCode(error: unknown, { terminal }: CommandDeps): number {
  if (error instanceof CommanderError) return error.exitCode;
  const isOurs = !(error instanceof OrchestratorError) || error.kind === 'bug';
  const text = isOurs && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  terminal.writeError(`orchestrator: ${text}\n`);
  return 1;
}

function addCommands(program: Command, deps: CommandDeps, end: End): void {
  add(program, 'start', 'Watch, run, and serve the page and the API, until stopped.', 'start').action(() =>
    end(deps.start()),
  );
  add(program, 'check', 'Validate the configuration offline; exit code 1 on errors.', 'check').action(() =>
    end(deps.check()),
  );
  add(program, 'run <dataset> <files...>', 'Run files without watching.', 'run sales january.csv february.csv').action(
    async (dataset: string, files: string[]) => end((await import('./run.ts')).runFiles(deps, dataset, files)),
  );
  addPreview(program, deps, end);
  addStatus(program, deps, end);
  addRuns(program, deps, end);
  addRejects(program, deps, end);
  addReplay(program, deps, end);
  add(
    program,
    'reload <dataset>',
    'Load all files of a dataset anew, also those in the backup, and take the old rows out.',
    'reload sales',
  )
    .option('--from <dataset>', 'the dataset’s former name: rows loaded under it are taken out as this one loads them')
    .action(async (dataset: string, { from }: { from?: string }) => {
      const { reloadDataset } = await import('./reload.ts');
      return end(reloadDataset(deps, { dataset, ...(from === undefined ? {} : { from }) }));
    });
  addSteering(program, deps, end);
  add(program, 'sign-in', 'Print a link that signs a browser in to the page, once.', 'sign-in').action(async () =>
    end((await import('./sign-in.ts')).printSignInLink(deps)),
  );
  add(program, 'explain <file>', 'Say why a file was or was not taken.', 'explain incoming/sales/january.csv').action(
    (file: string) => end(deps.explain(file)),
  );
  addKibana(program, deps, end);
  addImport(program, deps, end);
}

function addImport(program: Command, deps: CommandDeps, end: End): void {
  const summary =
    'Turn a shell config of the bash orchestrator, a pypel JSON, or one with the other, into the YAML of a dataset.';
  add(program, 'import <files...>', summary, 'import old/sales.conf old/config.json --write')
    .option(
      '--write [name]',
      'write it into CONFIG_DIR, under this name or the file’s; each process of a JSON becomes a dataset of its own',
    )
    .action(async (files: string[], { write }: { write?: string | true }) => {
      const { importDrafts } = await import('./import/command.ts');
      return end(importDrafts(deps, { files, ...(write === undefined ? {} : { write }) }));
    });
}

function addStatus(program: Command, deps: CommandDeps, end: End): void {
  const summary = 'Datasets, and what needs looking after; exit code 1 where anything does.';
  add(program, 'status', summary, 'status --json')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }) =>
      end((await import('./status.ts')).showStatus(deps, { json })),
    );
  add(
    program,
    'acknowledge <what...>',
    'Mark failures, waits and doubts as known, by run, file or dataset: status no longer lists them.',
    'acknowledge january.csv',
  ).action(async (names: string[]) => end((await import('./acknowledge.ts')).acknowledge(deps, names)));
}

function addRuns(program: Command, deps: CommandDeps, end: End): void {
  interface Flags {
    state?: string;
    limit: number;
    json?: boolean;
  }
  add(program, 'runs [what]', 'List runs, newest first: all, or those of a dataset or a file.', 'runs january.csv')
    .option('--state <states>', 'only those in these states, such as failed,quarantined')
    .option('--limit <number>', 'how many, at most 1000', mostRuns, 20)
    .option('--json', 'a JSON object a line')
    .action(async (what: string | undefined, { state, limit, json = false }: Flags) => {
      const { listRuns, statesOf } = await import('./runs.ts');
      const states = state === undefined ? [] : statesOf(state);
      return end(listRuns(deps, { states, limit, json, ...(what === undefined ? {} : { of: what }) }));
    });
  add(
    program,
    'logs <what>',
    'Show what a run printed: of a file the newest run is meant.',
    'logs january.csv --follow',
  )
    .option('--attempt <number>', 'only this one', wholeNumber)
    .option('--follow', 'stay until the run ends')
    .action(async (of: string, { attempt, follow = false }: { attempt?: number; follow?: boolean }) => {
      if (follow) deps.heedInterrupt();
      const { showLogs } = await import('./logs.ts');
      return end(showLogs(deps, { of, follow, ...(attempt === undefined ? {} : { attempt }) }));
    });
}

function addSteering(program: Command, deps: CommandDeps, end: End): void {
  add(
    program,
    'cancel <runs...>',
    'Take runs off the queue, or stop them: by id, or by file.',
    'cancel january.csv',
  ).action(async (runs: string[]) => end((await import('./cancel.ts')).cancelRuns(deps, runs)));
  add(
    program,
    'forget <dataset>',
    'Forget a dataset whose YAML was taken away: its runs, logs and known files.',
    'forget sales --rows',
  )
    .option('--rows', `take its rows out of ${TITLES.join(' and of ')} first`)
    .action(async (dataset: string, { rows = false }: { rows?: boolean }) =>
      end((await import('./forget.ts')).forgetDataset(deps, dataset, { rows })),
    );
  add(
    program,
    'accept <datasets...>',
    'Count files as deleted that are missing since WATCH_DIR was replaced or unmounted (ON_DELETE: remove).',
    'accept sales',
  ).action(async (datasets: string[]) => end((await import('./accept.ts')).acceptMissing(deps, datasets)));
  for (const name of ['pause', 'resume']) {
    const summary =
      name === 'pause' ? 'Hold datasets back: start no new runs of them.' : 'Let paused datasets start runs again.';
    add(program, `${name} <datasets...>`, summary, `${name} sales`).action(async (datasets: string[]) =>
      end((await import('./pause.ts')).pauseDatasets(deps, datasets, name === 'pause')),
    );
  }
}

function addPreview(program: Command, deps: CommandDeps, end: End): void {
  interface Flags {
    dataset?: string;
    rows: number;
    json?: boolean;
  }
  const summary = 'Show how a file would be read, and its first rows. Loads nothing.';
  add(program, 'preview <file>', summary, 'preview incoming/sales/january.csv --rows 5')
    .option('--dataset <name>', 'read it as this dataset would; without it, as the one that would take the file')
    .option('--rows <number>', 'how many rows', wholeNumber, 10)
    .option('--json', 'as JSON')
    .action(async (file: string, { dataset, rows, json = false }: Flags) => {
      const { previewFile } = await import('./preview.ts');
      return end(previewFile(deps, { file, rows, json, ...(dataset === undefined ? {} : { dataset }) }));
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, at most 9999.');
}

function mostRuns(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1000) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}

function addRejects(program: Command, deps: CommandDeps, end: End): void {
  interface Flags {
    json?: boolean;
    download?: string;
    load?: string;
    follow?: boolean;
  }
  const summary = 'List the rejected rows of a run, save them as CSV, and load them once mended.';
  add(program, 'rejects <what>', summary, 'rejects january.csv --download mend.csv')
    .usage('[options] <run | file | dataset>')
    .option('--json', 'a JSON object a line')
    .option('--download <file>', 'save them as CSV, with the delimiter and encoding of their file; - is stdout')
    .option('--load <file>', 'load this CSV (or NDJSON) once mended, in the place of the rejected rows')
    .option('--follow', 'with --load: wait for the run and show its progress')
    .action(async (run: string, { json = false, follow = false, ...files }: Flags, command: Command) => {
      if (files.download !== undefined && files.load !== undefined) command.error('--download or --load, not both');
      return end((await import('./rejects.ts')).handleRejects(deps, { run, json, follow, ...files }));
    });
}

function addReplay(program: Command, deps: CommandDeps, end: End): void {
  add(
    program,
    'replay [runs...]',
    'Run files again, as new runs: by file or run, or all that failed or were quarantined.',
    'replay january.csv --follow',
  )
    .option('--failed <dataset>', 'all failed runs of a dataset')
    .option('--quarantined <dataset>', 'all quarantined runs of a dataset; their files are put back')
    .option('--rejects <file>', 'load the mended rejects of the run named, as rejects --load does')
    .option('--follow', 'wait for the runs and show their progress')
    .action(async (runs: string[], { failed, quarantined, rejects, follow = false }: ReplayFlags, command: Command) => {
      const dataset = failed ?? quarantined;
      if (runs.length === 0 && dataset === undefined)
        command.error('name files or runs, or a dataset by --failed or --quarantined');
      if (failed !== undefined && quarantined !== undefined && failed !== quarantined) {
        command.error('--failed and --quarantined must name the same dataset');
      }
      const states: RunState[] = [
        ...(failed === undefined ? [] : (['failed'] as const)),
        ...(quarantined === undefined ? [] : (['quarantined'] as const)),
      ];
      const options = { ...(dataset === undefined ? {} : { dataset }), ...(rejects === undefined ? {} : { rejects }) };
      return end((await import('./replay.ts')).replayRuns(deps, { runs, states, follow, ...options }));
    });
}

function add(program: Command, usage: string, description: string, example: string): Command {
  return addCommand(program, { usage, description, example });
}
