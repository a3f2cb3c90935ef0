import type { Reporter } from '../finding.ts';
import { textOf, type Fields } from '../json.ts';

/**
 * The newest version of each type that Kibana 8.19 knows; what is newer is refused by its import. As of the types'
 * registrations in elastic/kibana, branch 8.19: a model version n is 10.n.0.
 */
const NEWEST: Readonly<Record<string, string>> = {
  dashboard: '10.3.0',
  'index-pattern': '8.0.0',
  lens: '8.9.0',
  map: '8.4.0',
  search: '10.5.0',
  tag: '8.0.0',
  visualization: '8.5.0',
};

/** The last version at which the form of all objects changed. */
const CORE = '8.8.0';

/** What is said of the object's versions, by which Kibana chooses the migrations that it runs. */
export function checkVersions(type: string, fields: Fields, packaged: boolean, report: Reporter): void {
  checkNewest('typeMigrationVersion', fields['typeMigrationVersion'], NEWEST[type], report);
  checkNewest('coreMigrationVersion', fields['coreMigrationVersion'], packaged ? undefined : CORE, report);
  const older = fields['migrationVersion'] !== undefined;
  if (packaged || older) return;
  for (const name of ['typeMigrationVersion', 'coreMigrationVersion'])
    if (fields[name] === undefined)
      report.mistake(`There is no ${name}.`, `Write the version of its form; without it every old migration is run.`);
  if (!(type in NEWEST)) report.note(`Objects of type ${type} are not looked into.`, 'Look at it in Kibana.');
}

function checkNewest(name: string, version: unknown, newest: string | undefined, report: Reporter): void {
  if (version === undefined) return;
  const text = textOf(version);
  if (text === null || !/^\d+\.\d+\.\d+$/.test(text)) {
    report.mistake(`${name} is not a version such as 8.9.0.`, 'Write three numbers with dots.');
    return;
  }
  if (newest === undefined || compareVersions(text, newest) <= 0) return;
  report.mistake(
    `${name} ${text} is newer than Kibana 8.19 knows (${newest}); it refuses the object.`,
    `Write at most ${newest}.`,
  );
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('.').map(Number));
  const differs = [0, 1, 2].find(at => left?.[at] !== right?.[at]);
  return differs === undefined ? 0 : (left?.[differs] ?? 0) - (right?.[differs] ?? 0);
}
