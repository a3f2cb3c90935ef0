import type { ElasticsearchSettings } from '../config/environment.ts';
import type { KibanaSettings } from '../config/kibana-settings.ts';
import type { Dataset } from '../config/dataset.ts';
import type { ServiceAddress } from './service-address.ts';
import type { Journal, Run } from '../journal/journal.ts';

/** Where a command writes, and what it may do there. */
export interface Terminal {
  /** To stdout: texts for people, and JSON. Control characters are escaped, colours where there are any. */
  write(text: string): void;
  /** To stdout: the content of a file, byte for byte, but on a terminal, where it is escaped. */
  writeContent(content: string | Uint8Array): void;
  /** To stderr, escaped: what isn't the answer itself. */
  writeError(text: string): void;
  /** Whether stderr is a terminal: only then are there progress bars. */
  isInteractive: boolean;
  /** Characters in a line of stdout; null where it is no terminal. */
  width: number | null;
  /** A terminal without NO_COLOR. */
  hasColour: boolean;
  /** For cli-progress. */
  stderr: NodeJS.WritableStream;
}

interface Mistakes {
  /** As `file:line:column: message`. */
  errors: readonly string[];
  /** The same, of what may be meant so. */
  warnings: readonly string[];
}

export interface ConfigState extends Mistakes {
  datasets: readonly Dataset[];
}

/** What the running orchestrator says of itself. */
export interface ServiceState extends Mistakes {
  datasets: ReadonlyArray<{ name: string; watchDir: string }>;
  /** A line for each part that is in trouble. */
  troubles: readonly string[];
  /** Of folders that are well, what is never taken from them, and why. */
  notices: readonly string[];
}

/**
 * What the commands need of the program; main.ts gives it. Commands return exit codes and read neither argv nor the
 * environment.
 */
export interface CommandDeps {
  /** Of the program, as package.json has it. */
  version: string;
  terminal: Terminal;
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Aborted by Ctrl-C. */
  interrupted: AbortSignal;
  /** From now on a signal to stop aborts `interrupted`, and no longer ends the process by itself. */
  heedInterrupt(): void;
  /** Runs the service until it is told to stop. */
  start(): Promise<number>;
  check(): Promise<number>;
  explain(file: string): Promise<number>;
  /** Absolute: CONFIG_DIR. */
  configDir(): string;
  config(): Promise<ConfigState>;
  /** Who holds DATA_DIR, or null: no orchestrator is running. */
  holder(): Promise<{ pid: number; host: string } | null>;
  /** How the running orchestrator is asked. Throws an OrchestratorError where the token can't be read. */
  service(): ServiceAddress;
  /** What the running orchestrator says of itself, by its API. null where it does not answer. */
  state(): Promise<ServiceState | null>;
  /** Opens the journal, closes it when the work is done. Works beside a running orchestrator, and without one. */
  withJournal<T>(work: (journal: Journal) => Promise<T>): Promise<T>;
  /** As withJournal; where no orchestrator is running, what is in the journal is run meanwhile. */
  withScheduler<T>(work: (journal: Journal) => Promise<T>): Promise<T>;
  /** null: ELASTICSEARCH_NODE is not set. */
  elasticsearch(): ElasticsearchSettings | null;
  /** null: KIBANA_URL is not set. */
  kibana(): KibanaSettings | null;
  /** PUBLIC_URL, without a slash at its end; null where it is not set. */
  publicUrl(): string | null;
  /** Absolute: DATA_DIR. */
  dataDir(): string;
  /** Takes out of a text the secrets that runs of a dataset are given. */
  maskOf(dataset: string): Promise<(text: string) => string>;
  /** The datasets that would take the file at this absolute path, by names alone. */
  takers(path: string): Promise<Dataset[]>;
  /** A new run of the same version, its file put back first if it was quarantined; null: the path is waiting or running. */
  replay(journal: Journal, run: Run): Promise<Run | null>;
}
