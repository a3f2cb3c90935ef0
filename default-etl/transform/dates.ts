import type { Batch } from '../batch/batch.ts';
import { chooseColumns } from './choose-columns.ts';
import { type Conversion, convertColumns } from './conversion.ts';
import { newDateFields } from './date-fields.ts';
import { createDateParser } from './date-parser.ts';
import { createDateWriter, dateBound } from './date-writer.ts';
import type { NewStep, OnError, StepContext } from './step.ts';

export type ParseDatesOptions =
  | readonly string[]
  | { columns: readonly string[]; format?: string | readonly string[]; output?: string; on_error?: OnError };

const USUAL_FORMATS = ['iso', '%d/%m/%Y', '%d/%m/%Y %H:%M', '%d/%m/%Y %H:%M:%S'];
const DATE = '%Y-%m-%d';
const DATE_AND_TIME = '%Y-%m-%dT%H:%M:%S';

export function parseDatesStep(options: ParseDatesOptions, context: StepContext): NewStep {
  const {
    columns,
    format = USUAL_FORMATS,
    output,
    on_error: onError = 'reject',
  } = 'columns' in options ? options : { columns: options };
  const formats = typeof format === 'string' ? [format] : format;
  return dateStep('parse_dates', columns, dateConversion(formats, output, onError), context);
}

export interface FormatDatesOptions {
  columns: readonly string[];
  format?: string;
  on_error?: OnError;
}

export function formatDatesStep(
  { columns, format = DATE, on_error: onError = 'reject' }: FormatDatesOptions,
  context: StepContext,
): NewStep {
  return dateStep('format_dates', columns, dateConversion(['iso'], format, onError), context);
}

function dateStep(step: string, columns: readonly string[], conversion: Conversion, context: StepContext): NewStep {
  const choose = chooseColumns({ step, columns, missing: 'error' }, context);
  return writer => (batch: Batch) => {
    const { header, literals, positions } = choose(batch);
    return { ...convertColumns(batch, positions, () => conversion, writer), header, literals };
  };
}

/** Without `output` a value with a time keeps it. */
export function dateConversion(formats: readonly string[], output: string | undefined, onError: OnError): Conversion {
  const parsers = formats.map(createDateParser);
  const writeDay = createDateWriter(output ?? DATE);
  const writeTime = createDateWriter(output ?? DATE_AND_TIME);
  const bound = dateBound(output ?? DATE_AND_TIME);
  const fields = newDateFields();
  return {
    onError,
    boundOf: () => bound,
    misfit: `no date of the pattern ${formats.join(' or ')}`,
    convert: (bytes, start, end, at) => {
      for (const parse of parsers) {
        if (parse(bytes, start, end, fields)) return (fields.hasTime ? writeTime : writeDay)(fields, bytes, at);
      }
      return -1;
    },
  };
}
