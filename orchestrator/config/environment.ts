/** Settings that are not a dataset's: what parseEnvironment() makes of the environment. */
export interface Environment {
  /** Absolute. CONFIG_DIR, ./config. */
  configDir: string;
  /** Absolute. DATA_DIR, ./data. */
  dataDir: string;
  /** PORT, 8080; 0 takes any free one. */
  port: number;
  /** HOST, 127.0.0.1. */
  host: string;
  elasticsearch: ElasticsearchSettings | null;
  /** DOCKER_HOST, such as unix:///var/run/docker.sock; null for the default socket. */
  dockerHost: string | null;
  /** HOST_PATH_MAP: `container-path=host-path,…`; null: read from the orchestrator's own container, if it runs in one. */
  hostPathMap: Array<{ from: string; to: string }> | null;
  logLevel: 'error' | 'warn' | 'info' | 'debug';
  /** CONCURRENCY of all datasets: the number of cores. */
  concurrency: number;
  /** JOURNAL: path of the SQLite file, DATA_DIR/journal.sqlite. */
  journal: string;
  /** MIN_FREE, 1g: below this free space nothing new is taken. */
  minFreeBytes: number;
  /** RETENTION, 30d: runs and logs older than this are pruned. */
  retentionMs: number;
  /** GRACE, 30s: how long runs may go on after SIGTERM. */
  graceMs: number;
  /** LIST_INTERVAL, 60s where events are seen, 5s where polled: how often folders are listed. */
  listIntervalMs: number | null;
}

export interface ElasticsearchSettings {
  /** ELASTICSEARCH_NODE; a list is comma-separated. */
  nodes: string[];
  apiKey: string | null;
  username: string | null;
  password: string | null;
  /** ELASTICSEARCH_CA: path of a PEM file. */
  ca: string | null;
}
