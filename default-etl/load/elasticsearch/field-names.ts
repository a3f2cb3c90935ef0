import type { Connection } from './connection.ts';
import type { FileTypes } from '../../types/column-type.ts';
import { ALIAS_END } from './inferred-mapping.ts';

export interface FieldNamesOptions {
  connection: Connection;
  index: string;
  log: (text: string) => void;
}

type Mappings = Record<string, { mappings: { properties?: Record<string, { type?: string }> } }>;

/** Elasticsearch's own, of which none can stand in a document (9.5). */
const RESERVED: ReadonlySet<string> = new Set(
  [
    ['data_stream_timestamp', 'doc_count', 'field_names', 'id', 'ignored', 'ignored_source', 'index', 'nested_path'],
    ['primary_term', 'routing', 'seq_no', 'size', 'source', 'tier', 'version'],
  ].flatMap(names => names.map(name => `_${name}`)),
);

/**
 * Columns that have a name of Elasticsearch's own, each with that under which it stands in documents: `_id_1` for
 * `_id`. Names that the file has are taken.
 */
function reservedNames(header: Iterable<string>): Map<string, string> {
  const taken = new Set(header);
  return new Map([...taken].filter(name => RESERVED.has(name)).map(name => [name, freeName(name, '_', taken)]));
}

/** The types of the columns under the names that stand in documents. */
export function typesOfFields(types: FileTypes): FileTypes {
  const renamed = reservedNames(types.keys());
  return renamed.size === 0 ? types : new Map([...types].map(([name, type]) => [renamed.get(name) ?? name, type]));
}

function freeName(name: string, separator: string, taken: ReadonlySet<string>): string {
  let count = 1;
  while (taken.has(`${name}${separator}${count}`)) count++;
  return `${name}${separator}${count}`;
}

/**
 * The names under which columns stand in documents: their own. But names of Elasticsearch's own can't, and `A.keyword`
 * may be an alias of `A` in the index, to which Elasticsearch writes no value, and which can't be taken back: a column
 * of that name is called `A.keyword.1` there, as a repeated one is.
 */
export class FieldNames {
  private readonly options: FieldNamesOptions;
  private readonly names = new WeakMap<readonly string[], readonly string[]>();
  private readonly told = new Set<string>();
  private aliases: Promise<ReadonlySet<string>> | undefined;

  constructor(options: FieldNamesOptions) {
    this.options = options;
  }

  /** The fields of these columns; settle() has had them. */
  of(header: readonly string[]): readonly string[] {
    return this.names.get(header) ?? header;
  }

  /** Asks Elasticsearch where a column may be an alias. `ready`: resolves once the index is there. */
  async settle(header: readonly string[], ready: Promise<void>): Promise<void> {
    if (this.names.has(header)) return;
    const isDoubtful = header.some(name => name.endsWith(ALIAS_END));
    if (isDoubtful) await ready;
    const names = this.ownNames(header);
    this.names.set(header, isDoubtful ? this.freeNames(names, await (this.aliases ??= this.findAliases())) : names);
  }

  private ownNames(header: readonly string[]): readonly string[] {
    const renamed = reservedNames(header);
    if (renamed.size === 0) return header;
    for (const [name, other] of renamed) {
      if (this.told.has(name)) continue;
      this.told.add(name);
      this.options.log(
        `warning: ${name} is a name of Elasticsearch's own, which no column can have in a document: there the column is called ${other}; ` +
          'the step rename gives it a name of your choice',
      );
    }
    return header.map(name => renamed.get(name) ?? name);
  }

  private freeNames(header: readonly string[], aliases: ReadonlySet<string>): readonly string[] {
    const taken = new Set([...header, ...aliases]);
    return header.map(name => (aliases.has(name) ? this.toldName(name, freeName(name, '.', taken)) : name));
  }

  private toldName(name: string, other: string): string {
    const { index, log } = this.options;
    log(
      `warning: index ${index} has ${name} as an alias of another column, to which no value can be written: there the column ${name} is called ` +
        `${other}; a new index has it under its own name`,
    );
    return other;
  }

  private async findAliases(): Promise<ReadonlySet<string>> {
    const { connection, index } = this.options;
    const found = await connection.json<Mappings>({ method: 'GET', path: `/${encodeURIComponent(index)}/_mapping` });
    const fields = Object.values(found).flatMap(({ mappings }) => Object.entries(mappings.properties ?? {}));
    return new Set(fields.filter(([, { type }]) => type === 'alias').map(([name]) => name));
  }
}
