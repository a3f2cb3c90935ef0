/** An index as `GET /<name>?flat_settings=true` tells of it, as far as rows are taken out of it. */
export interface FoundPlace {
  aliases?: Record<string, { is_write_index?: boolean; index_routing?: string }>;
  settings: Record<string, string>;
}

/** Where rows are that were written by way of a name. */
export interface Place {
  index: string;
  /** Of an alias that has one: in the index itself a row is not found by its id alone. */
  routing: string | undefined;
  /** Whether what is written by way of the name goes there now. */
  isWritten: boolean;
  /** Why nothing can be taken out of it before somebody changes that; null where it can. */
  refusal: 'closed' | 'blocked' | null;
  /** Its disk is too full (read_only_allow_delete), so that nothing can be taken out of it until there is space again. */
  isDiskFull: boolean;
}

/** The indices behind a name: those of an alias or a data stream, or the one that has the name itself. */
export function placesOf(name: string, found: Record<string, FoundPlace>): Place[] {
  const isOnly = Object.keys(found).length === 1;
  return Object.entries(found).map(([index, { aliases = {}, settings }]) => ({
    index,
    routing: aliases[name]?.index_routing,
    isWritten: isOnly || aliases[name]?.is_write_index === true,
    refusal: refusalOf(settings),
    isDiskFull: isBlocked(settings, 'read_only_allow_delete'),
  }));
}

/** A disk that is too full is over by itself one day: that is waited for. */
export function refusalOf(settings: Record<string, string>): Place['refusal'] {
  if (settings['index.verified_before_close'] === 'true') return 'closed';
  return isBlocked(settings, 'write') || isBlocked(settings, 'read_only') ? 'blocked' : null;
}

function isBlocked(settings: Record<string, string>, block: string): boolean {
  return settings[`index.blocks.${block}`] === 'true';
}
