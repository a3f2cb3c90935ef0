import Type, { type TSchemaOptions } from 'typebox';

// Types of values that several keys share, with the words by which errors and docs name them.

const DURATION = '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$';
const SIZE = '^(?=.*[1-9])[0-9]+(\\.[0-9]+)?[bkmgtBKMGT]?$';

export const duration = (options: TSchemaOptions) =>
  Type.String({ pattern: DURATION, 'x-type': 'a duration such as 500ms, 30s, 5m, 1h or 2d', ...options });
export const size = (options: TSchemaOptions) =>
  Type.String({ pattern: SIZE, 'x-type': 'a size such as 512m or 2g', ...options });
export const folder = (options: TSchemaOptions) =>
  Type.String({ minLength: 1, 'x-type': 'the path of a folder', ...options });
export const words = (options: TSchemaOptions) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String())], {
    'x-type': 'text, split like a shell does, or a list of text',
    ...options,
  });
export const character = (options: TSchemaOptions) =>
  Type.String({ minLength: 1, maxLength: 1, 'x-type': 'one character', ...options });

/** Endings of what the default ETL reads; each may be compressed, with `.gz` or `.zst` after it, or stand in a `.zip`. */
