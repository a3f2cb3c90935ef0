import { checkStructure } from '../check-structure.ts';
import type { Finding } from '../finding.ts';
import { readObjects } from '../read-objects.ts';
import type { Reading } from '../reading.ts';

/** The reading of an export, and what the check of its structure found. */
export function readText(text: string): { reading: Reading; findings: Finding[] } {
  const findings: Finding[] = [];
  const reading = checkStructure(readObjects('example.ndjson', text, findings), findings);
  return { reading, findings };
}
