// How much a configuration may be. Whoever writes YAML must not be able to keep the orchestrator busy, or to fill its memory.

const MEGABYTE = 2 ** 20;

/** Largest YAML file, policy included, and largest file that `${file:…}` names. */
export const MOST_FILE_BYTES = MEGABYTE;
/** YAML files in CONFIG_DIR. */
export const MOST_FILES = 5000;
/** Levels of maps and lists in one another. */
export const DEEPEST = 50;
/** Aliases (`*name`) of one file, those within aliases included. */
export const MOST_ALIASES = 1000;
/** Values of one file, once its aliases are written out. */
export const MOST_VALUES = 20_000;
/** Characters of all values and of the paths to them, once aliases and references are written out. */
export const MOST_CHARACTERS = 8 * MEGABYTE;
/** Steps of TRANSFORM. */
export const MOST_STEPS = 200;
/** Characters of one key. */
export const LONGEST_KEY = 1000;
/** Mistakes told of one file. */
export const MOST_MISTAKES = 50;
/** Characters of a value in a message. */
export const LONGEST_SHOWN = 500;
/** Instructions of the program that WATCH_REGEX becomes; that of the default has 86. */
export const MOST_REGEX_PROGRAM = 500;
/**
 * These times the characters of a path: what is more is not matched. The worst found take 60 ms for 500 × 1,000
 * (measured 2026-11).
 */
export const MOST_REGEX_WORK = 300_000;
/** Characters of a text that is held against a list of the policy; a path has no more. */
export const LONGEST_JUDGED = 4096;
/** Characters of WATCH_REGEX. */
export const LONGEST_REGEX = 2000;
/** How long one file may take to be read and judged, and all of them. */
export const FILE_DEADLINE_MS = 5000;
export const ALL_DEADLINE_MS = 30_000;
/**
 * Of all files of one reading: what is written in them, their values, and the characters of those, _defaults.yaml
 * counted for each.
 */
export const ALL_BYTES = 16 * MEGABYTE;
export const ALL_VALUES = 1_000_000;
export const ALL_CHARACTERS = 64 * MEGABYTE;
/** How long the thread that reads them may take to start; a busy machine needs seconds. */
export const START_DEADLINE_MS = 30_000;
/** Memory of the thread that reads them. */
export const LOADER_MEGABYTES = 512;
