/** Writes testdata/ anew: `node orchestrator/kibana/objects/testing/write-golden.ts`. What changed is for a person to judge. */
import { writeFileSync } from 'node:fs';
import { toNdjson } from '../ndjson.ts';
import { savedObjects } from '../saved-objects.ts';
import { KINDS } from './dashboards.ts';

for (const [kind, dashboard] of Object.entries(KINDS)) {
  writeFileSync(new URL(`../testdata/${kind}.ndjson`, import.meta.url), toNdjson(savedObjects(dashboard)));
}
