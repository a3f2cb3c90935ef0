import { strftime } from '../contract/strftime.ts';
import { patternParts } from './date-directives.ts';
import { type DateFields, timeOf } from './date-fields.ts';

/** Writes the date at a position, and returns the position behind it. */
export type WriteDate = (fields: DateFields, target: Buffer, at: number) => number;

const ZERO = 48;

/** Most bytes that a date of this pattern takes: no directive becomes longer than `September` or `Wednesday`. */
export function dateBound(pattern: string): number {
  return Buffer.byteLength(pattern) * 9;
}

/** As strftime writes the pattern, in English; `%z` is nothing where the date has no zone. Digits make no string. */
export function createDateWriter(pattern: string): WriteDate {
  const parts = patternParts(pattern).map(partWriter);
  return (fields, target, at) => {
    let position = at;
    for (const write of parts) position = write(fields, target, position);
    return position;
  };
}

function partWriter(part: string): WriteDate {
  switch (part) {
    case '%Y':
      return number(4, fields => fields.year);
    case '%y':
      return number(2, fields => fields.year % 100);
    case '%m':
      return number(2, fields => fields.month);
    case '%d':
      return number(2, fields => fields.day);
    case '%H':
      return number(2, fields => fields.hour);
    case '%I':
      return number(2, fields => fields.hour % 12 || 12);
    case '%M':
      return number(2, fields => fields.minute);
    case '%S':
      return number(2, fields => fields.second);
    case '%f':
      return number(6, fields => fields.micro);
    case '%z':
      return (fields, target, at) => at + target.write(zone(fields.offset), at);
    default:
      break;
  }
  if (part.startsWith('%')) return (fields, target, at) => at + target.write(strftime(part, timeOf(fields)), at);
  const text = Buffer.from(part);
  return (_, target, at) => at + text.copy(target, at);
}

function number(width: number, valueOf: (fields: DateFields) => number): WriteDate {
  return (fields, target, at) => {
    let rest = valueOf(fields);
    for (let digit = at + width - 1; digit >= at; digit--) {
      const tenth = Math.floor(rest / 10);
      target[digit] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    return at + width;
  };
}

function zone(offset: number): string {
  if (Number.isNaN(offset)) return '';
  const minutes = Math.abs(offset);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`;
}
