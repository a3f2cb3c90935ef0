/**
 * `mistake`: Kibana refuses it or shows something else than is meant · `doubt`: Kibana takes it, but it can hardly be
 * meant · `note`: what the check did not look into, or can't know.
 */
export type Level = 'mistake' | 'doubt' | 'note';

/** What is wrong, where, and what to do about it. */
export interface Finding {
  level: Level;
  /** File or other origin, with the line from 1 where it has lines: `flights.ndjson:3`. */
  origin: string;
  /** Type and title of the saved object: `dashboard "Flights"`. */
  object: string;
  /** Title of the panel, or what else it is called; null: the object as a whole. */
  panel: string | null;
  what: string;
  remedy: string;
}

/** Takes findings about one place. */
export interface Reporter {
  mistake(what: string, remedy: string): void;
  doubt(what: string, remedy: string): void;
  note(what: string, remedy: string): void;
  /** For a panel of the object. */
  inPanel(panel: string): Reporter;
}

/** A reporter that adds to `findings`. */
export function reporter(findings: Finding[], place: Pick<Finding, 'origin' | 'object' | 'panel'>): Reporter {
  const add = (level: Level) => (what: string, remedy: string) => {
    findings.push({ level, ...place, what, remedy });
  };
  return {
    mistake: add('mistake'),
    doubt: add('doubt'),
    note: add('note'),
    inPanel: panel => reporter(findings, { ...place, panel }),
  };
}
