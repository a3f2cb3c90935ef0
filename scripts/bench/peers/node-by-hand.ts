// A loader as one writes it by hand in an afternoon: csv-parse and the official client's bulk helper. No ids, so a second
// run doubles the rows. `node node-by-hand.ts FILE INDEX`, with ELASTICSEARCH_NODE.
import { createReadStream } from 'node:fs';
import { Client } from '@elastic/elasticsearch';
import { parse } from 'csv-parse';

const [file, index] = process.argv.slice(2) as [string, string];
const client = new Client({ node: process.env['ELASTICSEARCH_NODE']! });
const { failed } = await client.helpers.bulk<Record<string, string>>({
  datasource: createReadStream(file).pipe(parse({ columns: true })),
  onDocument: () => ({ index: { _index: index } }),
  onDrop: ({ error }) => console.error(error),
});
process.exitCode = failed > 0 ? 1 : 0;
