import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { systemClock } from '../../clock.ts';
import { Hand } from '../../journal/conformance/hand.ts';
import type { Journal } from '../../journal/journal.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import { createLogger } from '../../log.ts';
import { startTelemetry, type Telemetry, type TelemetryOptions, type TelemetrySettings } from '../telemetry.ts';
import type { TestStreams } from './streams.ts';

/** A journal in a folder of its own, and telemetry of it. */
export class TelemetryBench {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'telemetry-'));
  readonly journal: Journal;
  readonly hand: Hand;
  /** What was logged. */
  readonly said: string[] = [];
  readonly #streams: TestStreams;
  readonly #going = new Set<Telemetry>();

  constructor(context: TestContext, streams: TestStreams) {
    this.#streams = streams;
    this.journal = openSqliteJournal({ path: join(this.dataDir, 'journal.sqlite'), clock: systemClock });
    this.hand = new Hand(this.journal);
    this.hand.now = Date.now() - 60_000;
    context.after(async () => {
      for (const telemetry of this.#going) await telemetry.stop();
      await this.journal.close();
      rmSync(this.dataDir, { recursive: true });
    });
  }

  start(settings: Partial<TelemetrySettings> = {}, more: Partial<TelemetryOptions> = {}): Telemetry {
    const { dataDir, journal } = this;
    const telemetry = startTelemetry({
      environment: {
        dataDir,
        elasticsearch: { nodes: [this.#streams.node], apiKey: null, username: null, password: null, ca: null },
        logElasticsearch: 'on',
        logRunsElasticsearch: 'all',
        metricsElasticsearch: 'on',
        telemetryRetention: null,
        ...settings,
      },
      journal,
      datasets: () => new Set(['sales', 'stock']),
      mask: text => text.replaceAll('s3cret', '***'),
      version: this.#streams.version,
      clock: systemClock,
      logger: createLogger({ level: 'debug', terminal: false, stream: this.#sink(), elasticsearch: null }),
      namespace: this.#streams.namespace,
      delays: { quietMs: 5, longestMs: 50 },
      ...more,
    });
    this.#going.add(telemetry);
    return telemetry;
  }

  /** What an attempt has printed. */
  print(runId: string, attempt: number, text: string): void {
    const folder = join(this.dataDir, 'logs', runId);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${attempt}.log`), text);
  }

  #sink(): Writable {
    const { said } = this;
    return new Writable({
      write(line: Buffer, _encoding, written) {
        said.push(String(line));
        written();
      },
    });
  }
}
