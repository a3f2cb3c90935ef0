import { configFailure } from '../contract/failure.ts';
import { addStep } from './add.ts';
import { findStepMistakes } from './check-steps.ts';
import { formatDatesStep, parseDatesStep } from './dates.ts';
import { decimalCommaStep } from './decimal-comma.ts';
import { deduplicateStep } from './deduplicate.ts';
import { filterStep } from './filter.ts';
import { mergeStep } from './merge.ts';
import { minimalStep } from './minimal.ts';
import { moduleStep } from './module.ts';
import { headerStep, renameStep } from './names.ts';
import { whyBadRegex } from './replacer.ts';
import { dropStep, selectStep } from './select.ts';
import type { NewStep, StepContext } from './step.ts';
import { typesStep } from './types.ts';
import { nullValuesStep, replaceStep, stripStep } from './values.ts';

/** Makes a step of its options, which have been checked. */
type CreateStep = (options: never, context: StepContext) => NewStep | Promise<NewStep>;

/** Of the same names as STEP_SCHEMAS. */
export const STEPS: Readonly<Record<string, CreateStep>> = {
  minimal: (_options: unknown, context) => minimalStep(context),
  header: headerStep,
  rename: renameStep,
  strip: stripStep,
  replace: replaceStep,
  null_values: nullValuesStep,
  decimal_comma: decimalCommaStep,
  parse_dates: parseDatesStep,
  format_dates: formatDatesStep,
  merge: mergeStep,
  drop: dropStep,
  select: selectStep,
  add: addStep,
  filter: filterStep,
  deduplicate: (columns: readonly string[] | 'all' | undefined, context) => deduplicateStep(columns ?? 'all', context),
  types: typesStep,
  module: moduleStep,
};

/** Throws EtlFailure 78 for all that is wrong with TRANSFORM, in the words of the orchestrator's `check`. */
export function checkTransform(steps: readonly unknown[]): void {
  if (!Array.isArray(steps)) throw configFailure('TRANSFORM must be a list of steps');
  const mistakes = findStepMistakes(steps, { whyBadRegex });
  if (mistakes.length > 0) throw configFailure(mistakes.map(({ message }) => message).join('\n'));
}

export async function createStep(name: string, options: unknown, context: StepContext): Promise<NewStep> {
  return await (STEPS[name] as CreateStep)(options as never, context);
}
