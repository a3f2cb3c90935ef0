import { ABSENT } from '../../batch/batch.ts';
import { neverFailure } from '../../contract/failure.ts';
import { limitsOf } from '../../contract/limits.ts';
import { startsWith } from '../beginnings.ts';
import { NumberedRows, readRecords, type RecordRun } from '../record-run.ts';
import type { Format } from '../registry.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { encodingDecision, findEncoding } from '../text-encoding.ts';
import { TextWindow } from '../text-window.ts';

const LF = 10;
const EQUALS = 61;
/** A first line by which the format is recognised, and which is passed over. */
const MARK = '#key-value\n';

/** The example of CONTRIBUTING.md: lines of `key=value`, and an empty line behind each record. */
export const KEY_VALUE: Format = {
  name: 'key-value',
  endings: ['kv'],
  content: 'text',
  claims: head => startsWith(head, MARK),
  open: async (source, extract) => {
    if (source.sizeBytes === 0)
      throw neverFailure(`${source.path} is empty: it has no key=value line; export it again`);
    const encoding = await findEncoding(source, extract.encoding);
    return {
      decisions: [encodingDecision(encoding)],
      columnsVary: true,
      maxRows: source.sizeBytes,
      batches: () => readRecords(source, encoding, new KeyValueRun(source.sizeBytes), limitsOf(extract)),
    };
  },
};

/** One pass over the records. */
class KeyValueRun extends NumberedRows implements RecordRun {
  readonly language = 'a text of key=value lines';
  readonly window: TextWindow;
  private readonly columns = new Map<string, number>();

  constructor(sizeBytes: number) {
    super();
    this.window = new TextWindow(sizeBytes);
  }

  advance(): boolean {
    const { window } = this;
    const { bytes, from, to } = window;
    if (window.lineAt(from) === 1 && startsWith(bytes.subarray(from, to), MARK)) window.from += MARK.length;
    else if (bytes[from] === LF && from < to) window.from++;
    else {
      const found = bytes.subarray(0, to).indexOf('\n\n', from);
      if (found < 0 && (!window.isFinal || from === to)) return false;
      const end = found < 0 ? to : found;
      if (this.addRow(ABSENT, bytes, from, end, window.lineAt(from))) window.from = end;
    }
    return true;
  }

  assertWhole(): void {}

  protected override fillRow(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; ) {
      const found = bytes.subarray(0, to).indexOf(LF, at);
      const lineEnd = found < 0 ? to : found;
      const equals = bytes.subarray(0, lineEnd).indexOf(EQUALS, at);
      if (equals < 0) throw new SyntaxFault('a line has no =', at);
      this.builder.slice(this.columnOf(bytes.toString('utf8', at, equals)), equals + 1, lineEnd);
      at = lineEnd + 1;
    }
    this.builder.setRaw(from, to);
  }

  private columnOf(key: string): number {
    const column = this.columns.get(key) ?? this.builder.addColumn(key);
    this.columns.set(key, column);
    return column;
  }
}
