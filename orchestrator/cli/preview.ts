import { resolve } from 'node:path';
import Table from 'cli-table3';
import type { PreviewMessage } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import { count } from '../text/count.ts';
import { askPreview } from '../etl/preview.ts';
import type { CommandDeps, Terminal } from './deps.ts';
import { unknownDataset } from './run.ts';
import { oneLine, paint } from './text.ts';

const MOST_CHARACTERS = 40;
/** Of the columns that have no place. */
const MOST_NAMES = 20;
/** Of a column in the table: what is between it and the next, too. */
const AROUND_CELL = 3;

export interface PreviewRequest {
  file: string;
  dataset?: string;
  rows: number;
  json: boolean;
}

/** `orchestrator preview FILE`: how the default ETL would read it. Nothing is loaded, nor written down. */
export async function previewFile(deps: CommandDeps, request: PreviewRequest): Promise<number> {
  const { terminal, interrupted } = deps;
  // A process that outlived this one might read for ever.
  deps.heedInterrupt();
  const file = resolve(request.file);
  const dataset = await datasetOf(deps, file, request.dataset);
  const preview = await askPreview({ file, dataset, rows: request.rows, signal: interrupted });
  if (request.json) terminal.write(`${JSON.stringify({ dataset: dataset?.name ?? null, ...preview }, null, 2)}\n`);
  else terminal.write(textOf(preview, await readerText(deps, dataset), terminal));
  return 0;
}

async function datasetOf(deps: CommandDeps, file: string, name: string | undefined): Promise<Dataset | undefined> {
  if (name === undefined) return (await deps.takers(file))[0];
  const { datasets } = await deps.config();
  const known = datasets.map(dataset => dataset.name);
  if (!known.includes(name)) throw unknownDataset(name, known);
  return datasets.find(dataset => dataset.name === name);
}

/** Whose settings count. */
async function readerText(deps: CommandDeps, dataset: Dataset | undefined): Promise<string> {
  if (dataset !== undefined) return `as dataset ${dataset.name} reads it${ownProgramText(dataset)}`;
  const { errors } = await deps.config();
  const mistakes = errors.length === 0 ? '' : ', but the configuration has mistakes (see: orchestrator check)';
  return `no dataset takes it${mistakes}; read by the defaults`;
}

function textOf(preview: PreviewMessage, reader: string, terminal: Terminal): string {
  const { decisions, warnings, rejects, filtered } = preview;
  const lines = [
    reader,
    ...decisions.filter(({ name }) => name !== 'types').map(decisionText),
    ...decisions.filter(isOfTypes).map(({ reason }) => oneLine(`  types (${reason})`)),
    ...warnings.map(text => paint(oneLine(text), 'yellow', terminal.hasColour)),
    tableOf(preview, terminal),
    ...rejects.map(({ row, reason }) => paint(`row ${row} is rejected: ${oneLine(reason)}`, 'red', terminal.hasColour)),
    ...(filtered > 0 ? [`${count(filtered, 'row')} among them taken out by TRANSFORM`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of a table without rows there is nothing to say. */
function isOfTypes({ name, value }: PreviewMessage['decisions'][number]): boolean {
  return name === 'types' && Object.keys(value as object).length > 0;
}

function ownProgramText({ settings: { COMMAND, DOCKER_IMAGE } }: Dataset): string {
  if (COMMAND === undefined && DOCKER_IMAGE === undefined) return '';
  return `, were it run by the default ETL and not by ${COMMAND === undefined ? 'its DOCKER_IMAGE' : 'its COMMAND'}`;
}

/** `delimiter  ;  98 % sure: found in the first rows`. */
function decisionText({ name, value, confidence, reason }: PreviewMessage['decisions'][number]): string {
  const shown = typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);
  const sure = confidence < 1 ? `${Math.round(confidence * 100)} % sure: ` : '';
  return oneLine(`  ${name} ${shown} (${sure}${reason})`);
}

/** A line of names, one of types where they are known, and the rows. On a terminal as many columns as it is wide. */
function tableOf(preview: PreviewMessage, { width, hasColour }: Terminal): string {
  const { columns, rows } = preview;
  if (columns.length === 0) return 'It has no columns.';
  const types = (preview.decisions.find(({ name }) => name === 'types')?.value ?? {}) as Record<string, unknown>;
  const typeOf = (name: string) => (typeof types[name] === 'string' ? types[name] : '');
  const lines = [
    ['row', ...columns],
    ...(columns.some(typeOf) ? [['', ...columns.map(typeOf)]] : []),
    ...rows.map(({ row, cells }) => [String(row), ...cells.map(cellText)]),
  ].map(line => line.map(text => (width === null ? oneLine(text) : shorten(oneLine(text)))));
  const shown = width === null ? columns.length + 1 : fitting(lines, width);
  const [head = [], ...body] = lines.map(line => line.slice(0, shown));
  const table = new Table({ head, style: hasColour ? { head: ['cyan'] } : { head: [], border: [] } });
  table.push(...body);
  const hidden = columns.slice(shown - 1);
  if (hidden.length === 0) return table.toString();
  const names = hidden.slice(0, MOST_NAMES).join(', ') + (hidden.length > MOST_NAMES ? ', …' : '');
  return `${table.toString()}\n… and ${count(hidden.length, 'more column')}: ${oneLine(names)}`;
}

function cellText(value: PreviewMessage['rows'][number]['cells'][number]): string {
  return value === null ? '' : String(value);
}

/** How many of the columns fit into a line; two at least. */
function fitting(lines: readonly string[][], width: number): number {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map(line => (line[column] ?? '').length)));
  let used = 1;
  const fit = widths.findIndex(needed => (used += needed + AROUND_CELL) > width);
  return fit < 0 ? widths.length : Math.max(2, fit);
}

function shorten(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
}
