import type { Reader } from '../batch/batch.ts';
import type { Job } from '../contract/settings.ts';
import { visible } from '../contract/visible.ts';
import { CellWriter } from './cell-writer.ts';
import { minimalStep } from './minimal.ts';
import { extractColumnsStep } from './select.ts';
import type { NewStep, Step, StepContext } from './step.ts';

/**
 * What is done to each batch of the job, as one step, made anew for each pass over the file: steps may remember rows.
 * `log` gets warnings, once each. Where a step may add columns anywhere in the file, `reader.columnsVary` says so from
 * then on. Throws EtlFailure 78 for what is wrong with TRANSFORM, or with a file it names.
 */
export async function createPipeline(
  job: Job,
  reader: Reader,
  log: (text: string) => void = () => {},
): Promise<() => Step> {
  const warn = onlyOnce(text => log(`warning: ${visible(text)}`));
  const steps: NewStep[] = [];
  // What `minimal` alone does needs none of the modules of the others.
  if (job.transform.length === 1 && job.transform[0] === 'minimal') steps.push(minimalStep({ warn }));
  else await addSteps(steps, job, reader, warn);
  if (job.extract.columns) steps.push(extractColumnsStep(job.extract.columns, reader));
  return () => {
    const writer = new CellWriter();
    const pass = steps.map(newStep => newStep(writer));
    return batch => pass.reduce((current, step) => step(current), batch);
  };
}

async function addSteps(steps: NewStep[], job: Job, reader: Reader, warn: StepContext['warn']): Promise<void> {
  const { checkTransform, createStep } = await import('./registry.ts');
  checkTransform(job.transform);
  for (const item of job.transform) {
    const context: StepContext = { job, columnsVary: reader.columnsVary, warn };
    const [name = '', options] = typeof item === 'string' ? [item] : (Object.entries(item)[0] ?? []);
    steps.push(await createStep(name, options, context));
    if (name === 'module') reader.columnsVary = true;
  }
}

function onlyOnce(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return text => {
    if (said.has(text)) return;
    said.add(text);
    say(text);
  };
}
