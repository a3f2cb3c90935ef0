import type { Finding } from './findings.ts';
import { BACKSLASH, type Dialect, DOUBLE_QUOTE, SINGLE_QUOTE } from './marks.ts';
import { OtherReader } from './other-reading.ts';
import { NONE } from './trial.ts';

/** What EXTRACT leaves open of a dialect. */
export interface Undeclared {
  quote: boolean;
  escape: boolean;
  blanks: boolean;
}

/** A dialect in which a record may have all its cells, and what is said where it has. */
export interface Other {
  finding: Finding;
  dialect: Dialect;
  reader: OtherReader;
}

/** With another quote, and without blanks around quotes. */
export function othersOf(dialect: Dialect, undeclared: Undeclared): Other[] {
  return [
    ...(undeclared.quote ? [withOtherQuote(dialect)] : []),
    ...(undeclared.blanks && !dialect.skipsBlanks && dialect.quote !== NONE ? [withoutBlanks(dialect)] : []),
  ];
}

function otherDialect(finding: Finding, dialect: Dialect): Other {
  return { finding, dialect, reader: new OtherReader(dialect) };
}

/** undefined where there are no quotes. */
export function withOtherEscape(dialect: Dialect): Other | undefined {
  if (dialect.quote === NONE) return undefined;
  return otherDialect('other_escape', { ...dialect, escape: dialect.escape === NONE ? BACKSLASH : NONE });
}

function withOtherQuote(dialect: Dialect): Other {
  const quote = dialect.quote === DOUBLE_QUOTE ? SINGLE_QUOTE : DOUBLE_QUOTE;
  return otherDialect('other_quote', { ...dialect, quote });
}

function withoutBlanks(dialect: Dialect): Other {
  return otherDialect('other_blanks', { ...dialect, skipsBlanks: true });
}
