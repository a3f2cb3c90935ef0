import type { Batch, Reader } from '../batch.ts';
import { configFailure, neverFailure } from '../failure.ts';
import type { Job } from '../settings.ts';
import { createMinimalStep, minimalName } from './minimal.ts';
import type { Step } from './step.ts';

const STEPS: Record<string, () => Step> = { minimal: createMinimalStep };

/**
 * What is done to each batch of the job, as one step, made anew for each pass over the file: steps may remember rows. Throws EtlFailure 78
 * for a step that does not exist.
 */
export async function createPipeline(job: Job, reader: Reader): Promise<() => Step> {
  return () => {
    const steps = job.transform.map(createStep);
    if (job.extract.columns) steps.push(createSelection(job.extract.columns, reader.columnsVary));
    return batch => steps.reduce((current, step) => step(current), batch);
  };
}

function createStep(step: string | Record<string, unknown>): Step {
  const name = typeof step === 'string' ? step : (Object.keys(step)[0] ?? '');
  const create = STEPS[name];
  if (create) return create();
  throw configFailure(`TRANSFORM: ${name} is not a step; there is: ${Object.keys(STEPS).join(', ')}`);
}

/** EXTRACT.columns: only these columns, by the name in the file or the final one. */
function createSelection(wanted: readonly string[], columnsVary: boolean): Step {
  const names = new Set([...wanted, ...wanted.map(minimalName)]);
  const headers = new WeakMap<readonly string[], { header: string[]; positions: number[] }>();
  return batch => {
    const selection = headers.get(batch.header) ?? select(batch.header, names);
    headers.set(batch.header, selection);
    if (!columnsVary) assertAllFound(wanted, batch.header);
    if (selection.header.length === batch.header.length) return batch;
    moveColumns(batch, selection.positions);
    return { ...batch, header: selection.header };
  };
}

function select(header: readonly string[], names: Set<string>): { header: string[]; positions: number[] } {
  const positions = header.flatMap((name, position) => (names.has(name) ? [position] : []));
  return { header: positions.map(position => header[position] as string), positions };
}

function assertAllFound(wanted: readonly string[], header: readonly string[]): void {
  const missing = wanted.filter(name => !header.includes(name) && !header.includes(minimalName(name)));
  if (missing.length === 0) return;
  throw neverFailure(`EXTRACT.columns: the file has no ${missing.join(', ')}; it has ${header.join(', ')}`);
}

function moveColumns(batch: Batch, positions: readonly number[]): void {
  for (let row = 0; row < batch.rows; row++) {
    const base = row * batch.width;
    for (let column = 0; column < positions.length; column++) {
      const from = base + (positions[column] as number);
      batch.starts[base + column] = batch.starts[from] as number;
      batch.ends[base + column] = batch.ends[from] as number;
    }
  }
}
