import type { Batch } from '../batch/batch.ts';
import { skipBlanks, skipBlanksBack } from './blanks.ts';
import { chooseColumns } from './choose-columns.ts';
import { perHeader } from './columns.ts';
import { type Conversion, type Convert, convertColumns } from './conversion.ts';
import type { NewStep, OnError, StepContext } from './step.ts';

type ColumnType = 'integer' | 'number' | 'boolean' | 'text';

export interface TypesOptions {
  columns: Readonly<Record<string, ColumnType>>;
  /** Text can't stay in a column of JSON numbers. */
  on_error?: Exclude<OnError, 'keep'>;
}

const MISFITS = { integer: 'no whole number', number: 'no number', boolean: 'neither true nor false', text: '' };

/** Cells become JSON values: their text is what stands in the document, without quotes. */
export function typesStep({ columns, on_error: onError = 'reject' }: TypesOptions, context: StepContext): NewStep {
  const choose = chooseColumns({ step: 'types', columns: Object.keys(columns), missing: 'error' }, context);
  const typeOf = (name: string | undefined) => columns[name as string] as ColumnType;
  const planOf = perHeader(layout => {
    const { positions } = choose(layout as Batch);
    const literals = layout.header.map((name, position) =>
      positions.includes(position) ? typeOf(name) !== 'text' : (layout.literals?.[position] ?? false),
    );
    const converted = positions.filter(position => typeOf(layout.header[position]) !== 'text');
    return { header: [...layout.header], literals, converted };
  });
  const conversions = Object.fromEntries(
    Object.entries(CONVERTERS).map(([type, convert]): [string, Conversion] => [
      type,
      { convert, boundOf: byteCount => byteCount + 5, onError, misfit: MISFITS[type as ColumnType] },
    ]),
  );
  return writer => batch => {
    const { header, literals, converted } = planOf(batch);
    const conversionOf = (column: number) => conversions[typeOf(header[column])] as Conversion;
    return { ...convertColumns(batch, converted, conversionOf, writer), header, literals };
  };
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/;

/** Digits as they are written, in the form that JSON wants: no plus, no zero in front, a digit on both sides of the point. */
function jsonNumber(text: string): string | undefined {
  const [, sign, whole = '', fraction = '', exponent = ''] = NUMBER.exec(text) ?? [];
  if (sign === undefined || whole + fraction === '') return undefined;
  const digits = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${sign === '-' ? '-' : ''}${digits}${fraction && `.${fraction}`}${exponent}`;
}

/** A whole number; `1.0` is one, too. */
function jsonInteger(text: string): string | undefined {
  const [, sign, zeros = '', digits = ''] = /^([+-]?)(0*)(\d*)(?:\.0*)?$/.exec(text) ?? [];
  if (sign === undefined || zeros + digits === '') return undefined;
  return digits === '' ? '0' : `${sign === '-' ? '-' : ''}${digits}`;
}

const BOOLEANS = new Map<string, string>([
  ...['true', 'vrai', 'oui', 'yes', '1'].map(word => [word, 'true'] as const),
  ...['false', 'faux', 'non', 'no', '0'].map(word => [word, 'false'] as const),
]);

function jsonBoolean(text: string): string | undefined {
  return BOOLEANS.get(text.toLowerCase());
}

const CONVERTERS = { integer: byText(jsonInteger), number: byText(jsonNumber), boolean: byText(jsonBoolean) };

const ZERO = 48;
const LONGEST_PLAIN = 15;

function byText(toJson: (text: string) => string | undefined): Convert {
  return (bytes, start, end, at) => {
    const to = skipBlanksBack(bytes, start, end);
    const from = skipBlanks(bytes, start, to);
    if (toJson !== jsonBoolean && isPlainInteger(bytes, from, to)) {
      bytes.copyWithin(at, from, to);
      return at + to - from;
    }
    const json = toJson(bytes.toString('utf8', from, to));
    return json === undefined ? -1 : at + bytes.write(json, at);
  };
}

/** Digits without a zero in front: most numbers are, and need no string. */
function isPlainInteger(bytes: Buffer, from: number, to: number): boolean {
  if (to === from || to - from > LONGEST_PLAIN || bytes[from] === ZERO) return false;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}
