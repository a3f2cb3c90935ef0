import type { ColumnType } from './column-type.ts';
import {
  dateFormat,
  dateKind,
  firstPart,
  NO_DATE,
  secondPart,
  shapeNumber,
  shapeOf,
  withoutFraction,
  ZERO_DATE,
} from './date-cell.ts';
import { CODE, DECIMAL, isWrittenNumber, NO_NUMBER, numberKind } from './number-cell.ts';
import { isCompactDay, monthFormat, SHORT_FORMATS } from './short-date.ts';
import { booleanKind, isLongText, isMissing, isPosition, isWktPoint } from './text-cell.ts';

/** One value in so many may be of another kind: it stays in the document, and Elasticsearch leaves it out of the field. */
const TOLERANCE = 1000;
/**
 * Whole numbers that all have as many digits as this or more, and equally many, are names of things: SIREN, SIRET, EAN,
 * telephone.
 */
const CODE_DIGITS = 9;
/** So many whole numbers, spread over the file, and no other: the rest of it is taken to be whole, too. */
const SURE_VALUES = 1000;
const SETTLED_TEXTS = 1000;
const MINUS = 45;
/** Elasticsearch tries one format after the other. */
const MAX_FORMATS = 4;

/** Names of columns whose digits are no quantity. */
const CODE_NAME =
  /(^|[^A-Z])(CODE?[A-Z]*|CP|ZIP|ZIPCODE|POSTAL|POSTCODE|SIREN|SIRET|NIC|INSEE|TEL|TELEPHONE|PHONE|FAX|IBAN|EAN|DEP|DEPT|DEPARTEMENT|REG|REGION|COMMUNE|EPCI|FINESS)([^A-Z]|$)/;
/** Names of columns whose digits are a day. */
const DAY_NAME = /DATE|JOUR|AAAAMMJJ|YYYYMMDD|(^|[^A-Z])DAY([^A-Z]|$)/;
/** So many numbers of eight digits that are all days are days, whatever the name. */
const SURE_DAYS = 20;

/** How much of the file was seen. */
export type Coverage = 'all' | 'spread' | 'beginning';

const SEEN: Record<Coverage, number> = { all: 1, spread: 0.99, beginning: 0.9 };

/** Counts what the cells of one column look like. */
export class ColumnProfile {
  private values = 0;
  private missing = 0;
  private whole = 0;
  private negative = 0;
  private decimal = 0;
  private codes = 0;
  private fewestDigits = Infinity;
  private mostDigits = 0;
  private booleans = 0;
  private capitalBooleans = 0;
  private positions = 0;
  private writtenNumbers = 0;
  private compactDays = 0;
  private months = 0;
  private texts = 0;
  private longTexts = 0;
  private dates = 0;
  private largestFirst = 0;
  private largestSecond = 0;
  private readonly shapes = new Map<number, number>();
  /** By position in SHORT_FORMATS. */
  private readonly monthFormats = new Set<number>();
  private hasLiterals = false;

  /** A cell that has text: bytes[start, end), end > start. */
  observe(bytes: Uint8Array, start: number, end: number): void {
    this.values++;
    const first = bytes[start] as number;
    // 43 to 57: digits and + , - . /
    if (first >= 43 && first <= 57) this.observeDigits(bytes, start, end);
    else this.observeText(bytes, start, end);
  }

  /** A cell that is a JSON number, true or false: a step made it so, and its digits are a quantity. */
  observeLiteral(bytes: Uint8Array, start: number, end: number): void {
    this.hasLiterals = true;
    this.observe(bytes, start, end);
  }

  /** Whether so many cells are plain text that the column can be nothing else. */
  get isSettled(): boolean {
    return this.texts >= SETTLED_TEXTS && this.texts * 2 > this.values;
  }

  private observeDigits(bytes: Uint8Array, start: number, end: number): void {
    const kind = numberKind(bytes, start, end);
    if (kind > DECIMAL) {
      this.whole++;
      if (bytes[start] === MINUS) this.negative++;
      if (kind < this.fewestDigits) this.fewestDigits = kind;
      if (kind > this.mostDigits) this.mostDigits = kind;
      if (kind === 8 && isCompactDay(bytes, start, end)) this.compactDays++;
    } else if (kind === DECIMAL) this.decimal++;
    else if (kind === CODE) this.codes++;
    else if (kind === NO_NUMBER && !this.observeDate(bytes, start, end)) this.observeOther(bytes, start, end);
  }

  private observeDate(bytes: Uint8Array, start: number, end: number): boolean {
    const kind = dateKind(bytes, start, end);
    if (kind === NO_DATE) return false;
    if (kind === ZERO_DATE) {
      this.missing++;
      return true;
    }
    this.dates++;
    const shape = shapeNumber(kind);
    this.shapes.set(shape, (this.shapes.get(shape) ?? 0) + 1);
    this.largestFirst = Math.max(this.largestFirst, firstPart(kind));
    this.largestSecond = Math.max(this.largestSecond, secondPart(kind));
    return true;
  }

  private observeOther(bytes: Uint8Array, start: number, end: number): void {
    const month = monthFormat(bytes, start, end);
    if (month >= 0) {
      this.months++;
      this.monthFormats.add(month);
    } else if (isPosition(bytes, start, end)) this.positions++;
    else this.observeText(bytes, start, end);
  }

  private observeText(bytes: Uint8Array, start: number, end: number): void {
    const boolean = booleanKind(bytes, start, end);
    if (boolean > 0) {
      this.booleans++;
      if (boolean === 2) this.capitalBooleans++;
    } else if (isMissing(bytes, start, end)) this.missing++;
    else if (isWktPoint(bytes, start, end)) this.positions++;
    else {
      this.texts++;
      if (isWrittenNumber(bytes, start, end)) this.writtenNumbers++;
      if (isLongText(bytes, start, end)) this.longTexts++;
    }
  }

  /** `name`: the column's; `coverage`: how much of the file the cells were. */
  decide(name: string, coverage: Coverage): ColumnType {
    const present = this.values - this.missing;
    if (present === 0) return { type: 'keyword', confidence: 0 };
    const { fits, ...found } = this.typeOf(name, present, coverage);
    const doubt = found.confidence ?? 1;
    return { ...found, confidence: Math.floor((fits / present) * SEEN[coverage] * doubt * 100) / 100 };
  }

  private typeOf(name: string, present: number, coverage: Coverage): Partial<ColumnType> & Guess {
    const fewest = present - Math.floor(present / TOLERANCE);
    const numbers = this.whole + this.decimal;
    if (numbers >= fewest && this.codes === 0) return this.numberType(name, numbers, coverage);
    if (this.dates >= fewest) return this.dateType(present);
    if (this.booleans >= fewest) return { type: 'boolean', isPlain: this.capitalBooleans === 0, fits: this.booleans };
    if (this.months >= fewest) return this.monthType();
    if (this.positions >= fewest) return { type: 'geo_point', fits: this.positions };
    if (this.writtenNumbers > 0 && numbers + this.writtenNumbers >= fewest && !isCodeName(name))
      return { type: 'keyword', isWrittenNumber: true, fits: present };
    return { type: this.longTexts * 2 > present ? 'text' : 'keyword', fits: present };
  }

  private numberType(name: string, numbers: number, coverage: Coverage): Partial<ColumnType> & Guess {
    if (this.decimal > 0) return { type: 'double', fits: numbers };
    if (this.areDays(name, numbers))
      return { type: 'date', formats: [SHORT_FORMATS[0]], time: 'none', confidence: 0.9, fits: this.compactDays };
    if (!this.hasLiterals && this.isCode(name)) return { type: 'keyword', confidence: 0.9, fits: numbers };
    // In a `long` Elasticsearch cuts the fraction of 12.5 without a word.
    const isSure = coverage === 'all' || (coverage === 'spread' && numbers >= SURE_VALUES);
    return { type: isSure ? 'long' : 'double', fits: numbers };
  }

  private isCode(name: string): boolean {
    const alike = this.fewestDigits === this.mostDigits && this.mostDigits >= CODE_DIGITS;
    // DEP_DELAY is none, whatever DEP may stand for: no code is below 0.
    return alike || (isCodeName(name) && this.negative === 0);
  }

  private areDays(name: string, numbers: number): boolean {
    if (this.hasLiterals || this.compactDays < numbers - Math.floor(numbers / TOLERANCE)) return false;
    return this.compactDays >= SURE_DAYS || DAY_NAME.test(plainName(name));
  }

  private monthType(): Partial<ColumnType> & Guess {
    const formats = [...this.monthFormats].map(format => SHORT_FORMATS[format] as string);
    return { type: 'date', formats, time: 'none', fits: this.months };
  }

  /** Day and month in the order that the values show; the French one where they show none. */
  private dateType(present: number): Partial<ColumnType> & Guess {
    const isMixed = this.largestFirst > 12 && this.largestSecond > 12;
    const dayFirst = this.largestSecond <= 12;
    const byFrequency = [...this.shapes].toSorted((a, b) => b[1] - a[1]).map(([shape]) => shape);
    const shapes = byFrequency.map(shapeOf);
    const alike = [...Map.groupBy(byFrequency, withoutFraction)];
    const fractionsOf = (all: readonly number[]) => all.map(shape => shapeOf(shape).fraction);
    const formats = new Set(alike.map(([shape, all]) => dateFormat(shapeOf(shape), dayFirst, fractionsOf(all))));
    if (isMixed || formats.size > MAX_FORMATS) return { type: 'keyword', fits: present };
    const isGuess = this.largestFirst > 0 && this.largestFirst <= 12 && this.largestSecond <= 12;
    const time = shapes.some(({ zone }) => zone !== '')
      ? 'zoned'
      : shapes.some(({ between }) => between !== '')
        ? 'local'
        : 'none';
    return { type: 'date', formats: [...formats], time, dayFirst, fits: this.dates, confidence: isGuess ? 0.7 : 1 };
  }
}

/** In capitals without accents. */
function plainName(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase();
}

function isCodeName(name: string): boolean {
  return CODE_NAME.test(plainName(name));
}

interface Guess {
  type: ColumnType['type'];
  /** How many values are of the type. */
  fits: number;
}
