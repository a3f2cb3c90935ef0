import type { Connection } from './connection.ts';
import { ALIAS_END } from './inferred-mapping.ts';

export interface FieldNamesOptions {
  connection: Connection;
  index: string;
  log: (text: string) => void;
}

type Mappings = Record<string, { mappings: { properties?: Record<string, { type?: string }> } }>;

/**
 * The names under which columns stand in documents: their own. But `A.keyword` may be an alias of `A` in the index, to which Elasticsearch writes no
 * value, and which can't be taken back: a column of that name is called `A.keyword.1` there, as a repeated one is.
 */
export class FieldNames {
  private readonly options: FieldNamesOptions;
  private readonly names = new WeakMap<readonly string[], readonly string[]>();
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
    this.names.set(header, isDoubtful ? this.freeNames(header, await (this.aliases ??= this.findAliases())) : header);
  }

  private freeNames(header: readonly string[], aliases: ReadonlySet<string>): readonly string[] {
    const taken = new Set([...header, ...aliases]);
    return header.map(name => (aliases.has(name) ? this.freeName(name, taken) : name));
  }

  private freeName(name: string, taken: ReadonlySet<string>): string {
    let count = 1;
    while (taken.has(`${name}.${count}`)) count++;
    const { index, log } = this.options;
    log(
      `warning: index ${index} has ${name} as an alias of another column, to which no value can be written: there the column ${name} is called ` +
        `${name}.${count}; a new index has it under its own name`,
    );
    return `${name}.${count}`;
  }

  private async findAliases(): Promise<ReadonlySet<string>> {
    const { connection, index } = this.options;
    const found = await connection.json<Mappings>({ method: 'GET', path: `/${encodeURIComponent(index)}/_mapping` });
    const fields = Object.values(found).flatMap(({ mappings }) => Object.entries(mappings.properties ?? {}));
    return new Set(fields.filter(([, { type }]) => type === 'alias').map(([name]) => name));
  }
}
