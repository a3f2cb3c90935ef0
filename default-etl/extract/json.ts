import type { Reader } from '../batch.ts';
import type { Extract } from '../settings.ts';
import type { Source } from '../source.ts';
export async function openJson(_s: Source, _e: Extract, _m?: 'lines'): Promise<Reader> {
  throw new Error('x');
}
