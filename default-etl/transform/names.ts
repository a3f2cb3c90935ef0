import { perHeader, renameLayout, Rearranger } from './columns.ts';
import { createReplacer } from './replacer.ts';
import type { NewStep, StepContext } from './step.ts';
import { trimBlanks } from './blanks.ts';

type Rename = (name: string, position: number) => string;

/** Steps that change columns' names touch no cell, unless names become equal. */
function renaming(rename: Rename): NewStep {
  const arrangementOf = perHeader(layout => renameLayout(layout, rename));
  return () => {
    const rearranger = new Rearranger();
    return batch => rearranger.apply(batch, arrangementOf(batch));
  };
}

export interface HeaderOptions {
  trim?: boolean;
  case?: 'upper' | 'lower' | 'capitalise' | 'keep';
}

export function headerStep(options: HeaderOptions): NewStep {
  return renaming(headerNamer(options));
}

/** A name of nothing but blanks becomes `Unnamed: 2`, as an empty one is called by the readers. */
export function headerNamer({ trim = true, case: wanted = 'keep' }: HeaderOptions): Rename {
  return (name, position) => {
    const trimmed = trim ? trimBlanks(name) || `Unnamed: ${position}` : name;
    return inCase(trimmed, wanted);
  };
}

function inCase(name: string, wanted: NonNullable<HeaderOptions['case']>): string {
  if (wanted === 'upper') return name.toUpperCase();
  if (wanted === 'lower') return name.toLowerCase();
  if (wanted === 'keep') return name;
  const [first = '', ...rest] = name;
  return first.toUpperCase() + rest.join('').toLowerCase();
}

export interface RenameOptions {
  map?: Record<string, string>;
  regex?: Record<string, string>;
}

export function renameStep(options: RenameOptions, context: StepContext): NewStep {
  const rename = renamer(options);
  const wanted = Object.keys(options.map ?? {});
  const arrangementOf = perHeader(layout => {
    for (const name of wanted) {
      if (!layout.header.includes(name)) context.warn(`TRANSFORM: step rename: there is no column ${name}`);
    }
    return renameLayout(layout, rename);
  });
  return () => {
    const rearranger = new Rearranger();
    return batch => rearranger.apply(batch, arrangementOf(batch));
  };
}

export function renamer({ map = {}, regex = {} }: RenameOptions): (name: string) => string {
  const replace = createReplacer({ regex });
  return name => (Object.hasOwn(map, name) ? (map[name] as string) : (replace(name) ?? ''));
}
