import { ecsFormat } from '@elastic/ecs-winston-format';
import winston from 'winston';
import { toEcs } from './log/ecs.ts';
import { ElasticsearchLog, type ElasticsearchLogSettings } from './log/elasticsearch.ts';
import { createMask } from './log/mask.ts';
import { withoutKnownStacks } from './log/known-error.ts';
import { type Level, prettyLine, type Stamp } from './log/pretty.ts';
import { visible } from './log/visible.ts';

/** A line of the log: a message for people, fields for machines (ECS names where there is one). */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** A logger that adds these fields to each line. */
  child(fields: Record<string, unknown>): Logger;
}

export interface LoggerOptions {
  level: Level;
  /** Whether `stream` is for people: aligned text instead of JSON. */
  terminal: boolean;
  /** How a line for people begins; with the time of day unless told. */
  stamp?: Stamp;
  /** Whether text for people has colours; as `terminal` unless told. */
  colour?: boolean;
  /** Where lines go; null for nowhere but Elasticsearch. It stays open. */
  stream: NodeJS.WritableStream | null;
  elasticsearch: ElasticsearchLogSettings | null;
  /** Texts that no line may show. */
  secrets?: Iterable<string>;
  /** Whether the index template is made where it is missing; true unless told. */
  makesTemplate?: boolean;
  /** How long lines are kept there, as Elasticsearch writes durations; as the template says unless told. */
  retention?: string | null;
  /** Lines that may wait for Elasticsearch; 5,000 unless told. */
  bufferLimit?: number;
}

/** The logger at the root: what it is told applies to all its children too. */
export interface RootLogger extends Logger {
  /** Texts learned since, which no line may show from now on. */
  addSecrets(texts: Iterable<string>): void;
  /** The text without secrets, as a line would show it. */
  mask(text: string): string;
  /** The datasets whose debug lines are wanted though the level is higher (DEBUG: true). Replaces the former ones. */
  debugDatasets(names: Iterable<string>): void;
  /** Hands over what waits for Elasticsearch, for at most 3 s. Lines after it go nowhere. Twice is harmless. */
  close(): Promise<void>;
}

type Fields = Record<string, unknown>;
type Write = (level: Level, message: string, fields: Fields) => void;

const levels: Record<Level, number> = { error: 0, warn: 1, info: 2, debug: 3 };
const CLOSE_WITHIN_MS = 3_000;
/** Where winston looks for the finished line. */
const LINE = Symbol.for('message');

/** Logging never throws, never blocks on Elasticsearch, and shows no secret. */
export function createLogger(options: LoggerOptions): RootLogger {
  const mask = createMask(secretsOf(options));
  const shipping = createShipping(options, (level, message) => write(level, message, {}));
  const sink = createSink(options, shipping);
  let debugged = new Set<unknown>();
  let isClosed = false;
  let closed: Promise<void> | undefined;

  function write(level: Level, message: string, fields: Fields): void {
    const wanted = levels[level] <= levels[options.level] || (level === 'debug' && debugged.has(fields.dataset));
    if (isClosed || !wanted) return;
    try {
      const masked = mask.value(fields) as Fields;
      const shown = options.level === 'debug' ? masked : withoutKnownStacks(masked);
      sink.log({ level, message: mask.text(message), fields: shown });
    } catch {
      // There is nowhere to tell it, and the error may hold what must not be shown.
    }
  }

  async function closeAll(): Promise<void> {
    const lost = (await shipping?.flushAndClose(CLOSE_WITHIN_MS)) ?? 0;
    if (lost > 0) write('warn', `${lost} lines of the log never reached Elasticsearch`, {});
    isClosed = true;
    sink.close();
  }

  return {
    ...loggerOf(write, {}),
    addSecrets: texts => mask.add(texts),
    mask: text => mask.text(text),
    debugDatasets: names => {
      debugged = new Set(names);
    },
    close: () => (closed ??= closeAll()),
  };
}

function loggerOf(write: Write, bound: Fields): Logger {
  const at = (level: Level) => (message: string, fields?: Fields) => write(level, message, { ...bound, ...fields });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: fields => loggerOf(write, { ...bound, ...fields }),
  };
}

function secretsOf({ secrets, elasticsearch }: LoggerOptions): string[] {
  const own = [elasticsearch?.password, elasticsearch?.apiKey];
  return [...(secrets ?? []), ...own.filter(text => text !== undefined && text !== null)];
}

function createShipping(
  options: LoggerOptions,
  report: (level: 'info' | 'warn', message: string) => void,
): ElasticsearchLog | null {
  if (options.elasticsearch === null) return null;
  const limit = options.bufferLimit === undefined ? {} : { limit: options.bufferLimit };
  const { makesTemplate = true, retention = null, elasticsearch: settings } = options;
  const shipping = new ElasticsearchLog({ settings, report, makesTemplate, retention, ...limit });
  shipping.format = ecsLines();
  return shipping;
}

function createSink(options: LoggerOptions, shipping: ElasticsearchLog | null): winston.Logger {
  const { stream, terminal, colour = terminal, stamp = 'time' } = options;
  stream?.on('error', ignoreBrokenStream);
  const format = terminal ? prettyLines(colour, stamp) : ecsLines();
  const shown = stream === null ? [] : [new winston.transports.Stream({ stream, format, eol: '\n' })];
  const transports = shipping === null ? shown : [...shown, shipping];
  return winston.createLogger({ levels, level: 'debug', transports, silent: transports.length === 0 });
}

/** A pipe whose reader has gone (`| head`) must not end the service, not even while it closes: the listener stays. */
function ignoreBrokenStream(): void {}

function prettyLines(colour: boolean, stamp: Stamp): winston.Logform.Format {
  return winston.format(entry => {
    const { level, message, fields } = entry as unknown as { level: Level; message: string; fields: Fields };
    return Object.assign(entry, {
      [LINE]: prettyLine({ time: new Date(), level, message, fields }, { colour, stamp }),
    });
  })();
}

function ecsLines(): winston.Logform.Format {
  let sequence = 0;
  const named = winston.format(entry => {
    const { fields, ...rest } = entry as unknown as { level: string; message: string; fields: Fields };
    sequence += 1; // lines of one millisecond keep their order
    const service = { 'service.name': 'orchestrator', 'process.pid': process.pid, 'event.sequence': sequence };
    return { ...rest, ...service, ...toEcs(fields) };
  });
  // JSON escapes C0 alone; a log is looked at on terminals, too.
  const escaped = winston.format(entry => Object.assign(entry, { [LINE]: visible(String(entry[LINE])) }));
  return winston.format.combine(named(), ecsFormat({ apmIntegration: false, convertErr: false }), escaped());
}
