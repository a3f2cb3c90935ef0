import { besideText } from '../text/beside-text.ts';
import { count } from '../text/count.ts';
import Table from 'cli-table3';
import type { Run } from '../journal/journal.ts';
import type { Status } from './status.ts';
import { localTime, oneLine, paint } from './text.ts';

/** More would be a wall of text. */
const MOST_FILES = 10;

/** What `orchestrator status` shows people. */
export function statusText(status: Status, hasColour: boolean): string {
  const sections = [
    runningText(status),
    status.datasets.length > 0 ? tableOf(status, hasColour) : 'No dataset yet: write one to config/<dataset>.yaml.',
    emptyText(status),
    section('To look after', [...(status.troubles ?? []), ...leftText(status)]),
    section('Rows loaded by former settings', status.datasets.flatMap(loadsTexts)),
    section('Configuration errors', [...status.configErrors]),
    section('Configuration warnings', [...status.configWarnings]),
    section('Never taken', [...status.notices]),
    section("Files that can't be moved or removed yet", status.disposals.slice(0, MOST_FILES).map(disposalText)),
    section('Waiting', status.waiting.map(runText)),
    section(`Failed, and not mended since${ofAll(status, 'runsFailed')}`, status.failures.map(runText)),
    section(`Done, to check${ofAll(status, 'runsToCheck')}`, status.toCheck.flatMap(toCheckTexts)),
    section(`Left alone, to check${ofAll(status, 'runsToCheck')}`, status.toCheck.flatMap(leftAloneTexts)),
    section('Beside other files of the same name (ON_CHANGE: append)', status.beside.map(besideRunText)),
    adviceText(status),
  ];
  return `${sections.filter(text => text !== '').join('\n\n')}\n`;
}

function runningText({ running }: Status): string {
  if (running === null) return 'No orchestrator is running; start one with: orchestrator start';
  return `An orchestrator is running (pid ${running.pid} on ${running.host}).`;
}

function tableOf(status: Status, hasColour: boolean): string {
  const head = ['dataset', 'waiting', 'running', 'done', 'to check', 'failed', 'rows', 'rejected', 'last'];
  const colAligns = head.map(
    (_, column) => (column === 0 || column === head.length - 1 ? 'left' : 'right') as 'left' | 'right',
  );
  const table = new Table({ head, colAligns, style: hasColour ? { head: ['cyan'] } : { head: [], border: [] } });
  for (const dataset of status.datasets) {
    const { name, paused, counts, runsToCheck, runsFailed, rowsThere, rowsToMend, lastEndedAt } = dataset;
    table.push([
      paused ? `${name} (paused)` : name,
      number(counts.settling + counts.queued),
      number(counts.running),
      paint(number(counts.done), 'green', hasColour && counts.done > 0),
      paint(number(runsToCheck), 'yellow', hasColour && runsToCheck > 0),
      paint(number(runsFailed), 'red', hasColour && runsFailed > 0),
      number(rowsThere),
      number(rowsToMend),
      lastEndedAt === null ? '' : localTime(lastEndedAt),
    ]);
  }
  return table.toString();
}

function emptyText({ datasets }: Status): string {
  const isEmpty = datasets.every(({ counts }) => Object.values(counts).every(runs => runs === 0));
  const folder = datasets.find(({ watchDir }) => watchDir !== null)?.watchDir;
  return isEmpty && folder ? `No file has been seen yet: copy one into ${folder}.` : '';
}

function leftText({ running, datasets }: Status): string[] {
  const waiting = datasets.reduce((sum, { counts }) => sum + counts.settling + counts.queued, 0);
  return running === null && waiting > 0
    ? [`${count(waiting, 'file')} ${waiting === 1 ? 'waits' : 'wait'} for the start of an orchestrator`]
    : [];
}

function adviceText({ failures, waiting, toCheck }: Status): string {
  const names = [...failures, ...toCheck, ...waiting].map(({ file }) => file);
  if (names[0] === undefined) return '';
  const file = oneLine(names[0].includes(' ') ? `'${names[0]}'` : names[0]);
  const replay = failures.length > 0 ? ` · replay ${file}` : '';
  return `Next: orchestrator explain, logs or runs ${file}${replay}; once you have seen it: acknowledge ${file}`;
}

/** Where not all are listed. */
function ofAll({ datasets, failures, toCheck }: Status, key: 'runsFailed' | 'runsToCheck'): string {
  const all = datasets.reduce((sum, dataset) => sum + dataset[key], 0);
  const listed = (key === 'runsFailed' ? failures : toCheck).length;
  return all > listed ? ` (the newest ${listed} of ${number(all)}; orchestrator runs lists more)` : '';
}

function section(title: string, lines: string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map(line => `  ${oneLine(line)}`)].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en');
}

function disposalText({ kind, file, error }: Status['disposals'][number]): string {
  return `${file} (${kind}): ${error}`;
}

function loadsTexts({ name, loadsNotice }: Status['datasets'][number]): string[] {
  return loadsNotice === null ? [] : [`${name}: ${loadsNotice}`];
}

function besideRunText(run: Run): string {
  return `${run.dataset} ${run.file}: ${count(run.rows?.loaded ?? 0, 'row')} ${besideText(run)}`;
}

function toCheckTexts({ dataset, file, toCheck }: Run): string[] {
  return toCheck.map(sentence => `${dataset} ${file}: ${sentence}`);
}

function leftAloneTexts({ dataset, file, state, error }: Run): string[] {
  return state === 'cancelled' ? [`${dataset} ${file}: ${error ?? ''}`] : [];
}

function runText({ dataset, file, state, endedAt, queuedAt, seenAt, attempt, error }: Run): string {
  const since = localTime(endedAt ?? queuedAt ?? seenAt);
  return `${dataset} ${file} (${state} ${since}, ${count(attempt, 'attempt')}): ${error ?? ''}`;
}
