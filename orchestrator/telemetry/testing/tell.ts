// A process that tells of the runs of a journal until it is killed: node tell.ts DATA_DIR NODE NAMESPACE VERSION
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import { createLogger } from '../../log.ts';
import { startTelemetry } from '../telemetry.ts';

const [dataDir = '', node = '', namespace = '', version = ''] = process.argv.slice(2);

startTelemetry({
  environment: {
    dataDir,
    elasticsearch: { nodes: [node], apiKey: null, username: null, password: null, ca: null },
    logElasticsearch: 'on',
    logRunsElasticsearch: 'all',
    metricsElasticsearch: 'on',
    telemetryRetention: null,
  },
  journal: openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock }),
  datasets: () => new Set(),
  mask: text => text,
  version,
  clock: systemClock,
  logger: createLogger({ level: 'debug', terminal: false, stream: process.stderr, elasticsearch: null }),
  namespace,
  delays: { quietMs: 5, longestMs: 50 },
});
setInterval(() => undefined, 1000);
