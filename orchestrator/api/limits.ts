// How much a request may cost: every bound of the API stands here, and in its README as a table.

const KB = 1024;
const MB = 1024 * KB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Of a connection, whoever has it. */
export const CONNECTION = {
  /** Open at once. For one more the one goes that was opened first of those without a token or a session. */
  most: 512,
  /** URL and headers. */
  headerBytes: 16 * KB,
  /** From its opening, or from the end of the request before, to the end of the headers. */
  headersMs: 10 * SECOND,
  /** To the end of a body, whatever it is for. */
  requestMs: 5 * MINUTE,
  /** Nothing is read or written meanwhile: a slow reader, or an answer that takes too long. */
  idleMs: MINUTE,
  /** Between two requests. */
  keepAliveMs: 10 * SECOND,
  requests: 1000,
  /** How often times are looked at. */
  checkEveryMs: SECOND,
} as const;

/** Of what a request carries. */
export const REQUEST = {
  bodyBytes: 16 * KB,
  /** Time for such a body. */
  bodyMs: 10 * SECOND,
  /** A name in a path: of a dataset, or an id. */
  nameCharacters: 255,
  /** A part of a path in a filter. */
  filterCharacters: 300,
  /** Attempts, as the journal counts them. */
  mostAttempt: 2 ** 31 - 1,
  /** Rows, runs or rejects of a page. */
  mostItems: 1000,
  /** Followed or not, a cursor has no more digits. */
  cursorDigits: 15,
} as const;

/** How many of a kind are answered at once, how many wait for that, and for how long. */
export interface Crowd {
  atOnce: number;
  waiting: number;
  waitMs: number;
}

/** All but the health, the page and what is streamed. */
export const ANSWERS: Crowd = { atOnce: 64, waiting: 0, waitMs: 0 };

/** What keeps a connection: logs and rejects as they are. */
export const DOWNLOADS: Crowd = { atOnce: 16, waiting: 0, waitMs: 0 };

/** What reads all rejects of a run: pages of them, in this process. */
export const REJECT_PAGES: Crowd = { atOnce: 2, waiting: 8, waitMs: 5 * SECOND };

/** Processes of the default ETL that write CSV or read a mended file: some 50 MB each, and what the file makes of it. */
export const ETL_PROCESSES: Crowd = { atOnce: 2, waiting: 8, waitMs: 10 * SECOND };
export const ETL_WITHIN_MS = 10 * MINUTE;

/** Processes of DuckDB. */
export const LAKE: Crowd = { atOnce: 2, waiting: 8, waitMs: 5 * SECOND };
export const LAKE_QUERY = {
  withinMs: 30 * SECOND,
  memory: '256MB',
  answerBytes: 16 * MB,
} as const;

/** Mended files; by hand nobody mends more. */
export const UPLOAD_BYTES = 64 * MB;

/** Event streams. */
export const EVENTS = {
  most: 100,
  /** Of one session, or of one address with the token. */
  ofOneClient: 20,
  heartbeatMs: 15 * SECOND,
  /** Who has read nothing for so long is let go. */
  unreadMs: MINUTE,
  /** EventSource waits so long before it connects again. */
  retryMs: 2 * SECOND,
} as const;

/** Who follows a log does so for at most this long, however long the run goes on. */
export const FOLLOW_MS = 60 * MINUTE;

/** What a client is told to wait before it asks again. */
export const RETRY_AFTER_SECONDS = 2;
