import { type Batch, NULL } from '../batch/batch.ts';
import { chooseColumns } from './choose-columns.ts';
import { asText, perHeader, Rearranger, widenLayout } from './columns.ts';
import type { NewStep, StepContext } from './step.ts';

/** Text, or the name of the column whose value stands there. */
type Part = { text: Buffer } | { column: string };

/** `{COLUMN}` is that column's value, `{{` a brace. */
export function templateParts(template: string): Part[] {
  const found = template.matchAll(/\{\{|\{([^{}]+)\}|[^{]+/g);
  return [...found].map(([text, column]) =>
    column === undefined ? { text: Buffer.from(text === '{{' ? '{' : text) } : { column },
  );
}

/** Adds columns made of constants and of the row's values as they were before the step. */
export function addStep(columns: Readonly<Record<string, string>>, context: StepContext): NewStep {
  const added = Object.entries(columns).map(([name, template]) => ({ name, parts: templateParts(template) }));
  const named = added.flatMap(({ parts }) => parts.flatMap(part => ('column' in part ? [part.column] : [])));
  const assertThere = chooseColumns({ step: 'add', columns: [...new Set(named)], missing: 'error' }, context);
  const planOf = perHeader(layout => {
    assertThere(layout);
    const isNew = (name: string) => !layout.header.includes(name);
    const arrangement = widenLayout(layout, added.map(({ name }) => name).filter(isNew), NULL);
    const targets = added.map(({ name }) => arrangement.header.indexOf(name));
    const parts = added.map(template =>
      template.parts.map(part => ('text' in part ? part.text : layout.header.indexOf(part.column))),
    );
    return { arrangement: { ...arrangement, ...asText(arrangement, targets) }, targets, parts };
  });
  return writer => {
    const rearranger = new Rearranger();
    const starts = new Int32Array(added.length);
    const ends = new Int32Array(added.length);
    return batch => {
      const { arrangement, targets, parts } = planOf(batch);
      const wider = rearranger.apply(batch, arrangement);
      writer.open(wider);
      for (let row = 0; row < wider.rows; row++) {
        // All of a row's are made before one is put in its place: it may be the place of another's value.
        for (const [index, template] of parts.entries()) {
          const length = textLength(wider, row, template);
          starts[index] = NULL;
          if (length < 0) continue;
          const at = writer.reserve(length);
          starts[index] = at;
          ends[index] = writeText(wider, row, template, writer.bytes, at);
          writer.skip(ends[index] as number);
        }
        for (const [index, target] of targets.entries()) {
          wider.starts[row * wider.width + target] = starts[index] as number;
          wider.ends[row * wider.width + target] = ends[index] as number;
        }
      }
      return writer.close(wider);
    };
  };
}

type Template = ReadonlyArray<Buffer | number>;

/** -1 where a value is missing. */
function textLength({ starts, ends, width }: Batch, row: number, template: Template): number {
  let length = 0;
  for (const part of template) {
    if (typeof part !== 'number') {
      length += part.length;
      continue;
    }
    const cell = row * width + part;
    const start = part < 0 ? NULL : (starts[cell] as number);
    if (start < 0) return -1;
    length += (ends[cell] as number) - start;
  }
  return length;
}

function writeText({ starts, ends, width }: Batch, row: number, template: Template, bytes: Buffer, at: number): number {
  let out = at;
  for (const part of template) {
    if (typeof part === 'number') {
      const cell = row * width + part;
      bytes.copyWithin(out, starts[cell] as number, ends[cell]);
      out += (ends[cell] as number) - (starts[cell] as number);
    } else out += part.copy(bytes, out);
  }
  return out;
}
