import type { Reader } from '../batch.ts';
import type { Extract } from '../settings.ts';
import type { Source } from '../source.ts';
export async function openWorkbook(_s: Source, _e: Extract): Promise<Reader> {
  throw new Error('x');
}
