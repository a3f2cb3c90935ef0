import { OrchestratorError } from '../../errors.ts';

const UNITS: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes of a size such as `512m`, `1.5g` or `64MiB`. Throws `never`; `key` names the setting. */
export function parseSize(text: string, key: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim());
  const bytes = match ? Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] as number)) : 0;
  if (bytes > 0) return bytes;
  throw new OrchestratorError(
    'never',
    `${key} is "${text}", which is no size; write a number with b, k, m, g or t, such as 512m`,
  );
}
