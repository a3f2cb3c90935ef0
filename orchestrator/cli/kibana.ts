import type { Command } from 'commander';
import { addCommand, type End } from './add-command.ts';
import type { CommandDeps } from './deps.ts';

interface ExportFlags {
  operations?: boolean;
  out?: string;
  url?: string;
  explain?: boolean;
}

/** `orchestrator kibana …` */
export function addKibana(program: Command, deps: CommandDeps, end: End): void {
  const kibana = addCommand(program, {
    usage: 'kibana',
    description: 'Dashboards in Kibana: one for each dataset, and one for whoever looks after the orchestrator.',
    example: 'kibana export --out dashboards',
  });
  addExport(kibana, deps, end);
  addCheck(kibana, deps, end);
  addPush(kibana, deps, end);
}

function addExport(kibana: Command, deps: CommandDeps, end: End): void {
  addCommand(kibana, {
    usage: 'export [datasets...]',
    description:
      'Write the dashboards of datasets as saved objects (NDJSON), for Kibana’s import (Stack Management, Saved Objects) or for git. Without a dataset: of all whose rows are in Elasticsearch.',
    example: 'kibana export flights --out flights.ndjson',
  })
    .option('--operations', 'with the dashboard of runs, failures and the log')
    .option(
      '--out <path>',
      'a file whose name ends in .ndjson, or a folder, which gets a file for each dataset; what is there is written over; without it, stdout',
    )
    .option(
      '--url <address>',
      'where browsers reach the orchestrator’s page, for links to runs; PUBLIC_URL unless given',
    )
    .option('--explain', 'say why each column is shown as it is, and what is left out')
    .action(async (datasets: string[], { operations = false, ...others }: ExportFlags) => {
      const { exportDashboards } = await import('./kibana-export.ts');
      return end(exportDashboards(deps, { datasets, operations, ...others }));
    });
}

function addCheck(kibana: Command, deps: CommandDeps, end: End): void {
  addCommand(kibana, {
    usage: 'check [what...]',
    description:
      'Look for mistakes in dashboards: their form, the fields that they name, and what each panel shows of the rows now. Of files (.ndjson, anybody’s), or of what would be exported for datasets; without either, for all datasets. Exit code 1 on a mistake.',
    example: 'kibana check flights.ndjson',
  })
    .option('--offline', 'the form alone, of files; no server is asked')
    .action(async (what: string[], { offline = false }: { offline?: boolean }) => {
      const { checkDashboards } = await import('./kibana-check.ts');
      return end(checkDashboards(deps, { what, offline }));
    });
}

function addPush(kibana: Command, deps: CommandDeps, end: End): void {
  addCommand(kibana, {
    usage: 'push [datasets...]',
    description:
      'Write the dashboards of datasets to the Kibana of KIBANA_URL. What a person changed there stays. Without a dataset: of all, and that of runs; those of datasets that are gone are removed.',
    example: 'kibana push flights --dry-run',
  })
    .option('--force', 'write over what people changed, and bring back what they removed')
    .option('--dry-run', 'only say what would be done')
    .action(async (datasets: string[], { force = false, dryRun = false }: { force?: boolean; dryRun?: boolean }) => {
      const { pushDashboards } = await import('./kibana-push.ts');
      return end(pushDashboards(deps, { datasets, force, dryRun }));
    });
}
