import type { Reporter } from '../finding.ts';
import { shown, textOf, type Fields } from '../json.ts';

/** Checks a tag: all three attributes are needed. */
export function checkTag({ name, description, color }: Fields, report: Reporter): void {
  if (textOf(name) === null) report.mistake('The tag has no name.', 'Name it.');
  if (typeof description !== 'string') report.mistake('The tag has no description.', 'Write one, if an empty one.');
  if (typeof color !== 'string' || !/^#[0-9a-f]{6}$/i.test(color))
    report.mistake(`The tag has the color ${shown(color)}.`, 'Write it as #rrggbb.');
}
