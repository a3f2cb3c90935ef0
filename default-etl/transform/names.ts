import { trimBlanks } from './blanks.ts';
import { near } from './choose-columns.ts';
import { perHeader } from './columns.ts';
import { type Rename, renaming } from './renaming.ts';
import { createReplacer } from './replacer.ts';
import type { NewStep, StepContext } from './step.ts';

export interface HeaderOptions {
  trim?: boolean;
  case?: 'upper' | 'lower' | 'capitalise' | 'keep';
}

export function headerStep(options: HeaderOptions, context: StepContext): NewStep {
  return renaming('header', headerNamer(options), context);
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
  const wanted = Object.keys(options.map ?? {});
  const warnOfMissing = perHeader(({ header }) => {
    for (const name of wanted) {
      if (!header.includes(name))
        context.warn(`TRANSFORM: step rename: there is no column ${name}${near(name, header)}`);
    }
    return header;
  });
  const rename = renaming('rename', renamer(options), context);
  return writer => {
    const renameColumns = rename(writer);
    return batch => {
      warnOfMissing(batch);
      return renameColumns(batch);
    };
  };
}

export function renamer({ map = {}, regex = {} }: RenameOptions): (name: string) => string {
  const replace = createReplacer({ regex });
  return name => (Object.hasOwn(map, name) ? (map[name] as string) : (replace(name) ?? ''));
}
