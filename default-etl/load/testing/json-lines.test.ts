import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../testing/load.ts';
import { type Row, targetConformance } from '../conformance.ts';
import { jsonLines } from './json-lines.ts';

targetConformance('json-lines', jsonLines, context => {
  const folder = join(temporaryFolder(context), 'json-lines');
  return {
    load: {},
    environment: { JSON_LINES_FOLDER: folder },
    async rows() {
      const names = readdirSync(folder);
      return Object.fromEntries(names.map(name => [name.slice(0, name.indexOf('.')), rowsIn(join(folder, name))]));
    },
  };
});

function rowsIn(path: string): Row[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map(line => JSON.parse(line) as Row);
}
