import type { Batch } from '../../batch/batch.ts';
import type { FileTypes } from '../../types/column-type.ts';
import { cutFractions } from './cut-fractions.ts';
import { effectiveField } from './field-check/effective-field.ts';
import type { FoundFields } from './index-setup.ts';
import { type FieldMapping, inferredFields } from './inferred-mapping.ts';
import { LeftOut, writtenNumbers } from './left-out.ts';
import { fieldAt, takesNewColumns } from './new-columns.ts';

/** What becomes of a file's values in the fields of the index. */
export class FieldWatch {
  private readonly index: string;
  private readonly declared: Record<string, unknown>;
  private readonly leftOut = new LeftOut();
  /** What there is to say of the columns' types. */
  private ofTypes: string | undefined;
  private readonly known = Promise.withResolvers<void>();

  /** `declared`: LOAD.mappings. */
  constructor(index: string, declared: Record<string, unknown> = {}) {
    this.index = index;
    this.declared = declared;
  }

  /** What the index has, and so what it gets for this file. Of a new index it is called a second time, once that is made. */
  expect(types: FileTypes | undefined, found: FoundFields | undefined): void {
    const { mappings, settings = {} } = found ?? {};
    const foundField = (name: string) => fieldAt(mappings?.properties, name);
    const added = types && (!mappings || takesNewColumns(mappings)) ? inferredFields(types, () => false) : {};
    this.leftOut.expect(name => {
      const field = foundField(name) ?? (this.declared[name] as FieldMapping | undefined) ?? added[name];
      return field && effectiveField(field, settings);
    });
    if (types)
      this.ofTypes ??= found ? cutFractions(this.index, types, foundField) : writtenNumbers(types, this.declared);
    this.known.resolve();
  }

  /** It can't be known any more. */
  giveUp(): void {
    this.known.resolve();
  }

  /** `names`: of the columns in the documents. */
  async see(batch: Batch, names: readonly string[]): Promise<void> {
    await this.known.promise;
    this.leftOut.see(batch, names);
  }

  get total(): number {
    return this.leftOut.total;
  }

  /** For people. */
  sentences(): string[] {
    return [...(this.ofTypes === undefined ? [] : [this.ofTypes]), ...this.leftOut.sentences()];
  }
}
