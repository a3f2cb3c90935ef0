import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { load, type Ran, temporaryFolder } from '../testing/load.ts';
import type { Environment, Load } from '../contract/settings.ts';
import type { Targets } from './registry.ts';
import type { TargetKind } from './target.ts';

/** Cells by column, each as its text. */
export type Row = Record<string, string | null>;

/** What a target must bring to be put to the test: a place of its own for one test. */
export interface Place {
  /** LOAD besides `target`, and the environment by which the place is found. */
  load: Load;
  environment: Environment;
  /** The rows that are visible now, in the order of their numbers, by FILE_KEY. */
  rows(): Promise<Record<string, Row[]>>;
  /**
   * Of a target whose rows the orchestrator commits: what that does once a run of the default ETL is done, or a file is
   * deleted.
   */
  commit?(done: Done): Promise<void>;
}

/** A file whose run is done. */
export interface Done {
  /** undefined: it is deleted, and nothing was run. */
  ran: Ran | undefined;
  key: string;
  /** FILE_KEYs whose rows it replaces. */
  replaces: readonly string[];
}

/** One file on its way. */
interface Step {
  version: number;
  content?: string;
  key?: string;
  action?: 'add' | 'change' | 'delete';
  /** FILE_ROWS: how many rows were sent under the key so far. */
  fileRows?: number;
  replaces?: readonly string[];
  options?: Load;
  transform?: unknown[];
}

const DATASET = 'test';
const ABC = 'a,b\n1,x\n2,y\n3,z\n';
const ROWS: Row[] = [
  { A: '1', B: 'x' },
  { A: '2', B: 'y' },
  { A: '3', B: 'z' },
];

/** What every target does, whatever it is: to be called from its test file. */
export function targetConformance(
  name: string,
  kind: TargetKind,
  newPlace: (context: TestContext) => Promise<Place> | Place,
): void {
  describe(`${name} target`, () => {
    async function start(context: TestContext): Promise<Bench> {
      return new Bench(await newPlace(context), { [name]: kind }, temporaryFolder(context));
    }

    it('rows arrive with their columns as text, an empty cell as null, and those of two files stand side by side', async context => {
      const bench = await start(context);
      await bench.take({ version: 5, content: 'a,b\n 75 ,\n01,"x ""y"""\n' });
      await bench.take({ version: 6, key: 'OTHER', content: 'a,b\nNA,é\n' });
      const KEY = [
        { A: ' 75 ', B: null },
        { A: '01', B: 'x "y"' },
      ];
      assert.deepEqual(await bench.rows(), { KEY, OTHER: [{ A: 'NA', B: 'é' }] });
    });

    it('an attempt that is repeated, and a replay under a newer version, change nothing', async context => {
      const bench = await start(context);
      await bench.take({ version: 5, content: ABC });
      for (const version of [5, 6]) {
        const ran = await bench.take({ version, content: ABC, fileRows: 3 });
        assert.deepEqual([ran?.result?.rows_loaded, ran?.result?.rows_deleted], [3, 0]);
        assert.deepEqual(await bench.rows(), { KEY: ROWS });
      }
    });

    it('a newer version takes the place of the former, and a shorter one leaves no tail behind', async context => {
      const bench = await start(context);
      await bench.take({ version: 5, content: ABC });
      await bench.take({ version: 6, action: 'change', content: 'a,b\n1,new\n', fileRows: 3 });
      assert.deepEqual(await bench.rows(), { KEY: [{ A: '1', B: 'new' }] });
    });

    it('an older version that comes late changes nothing', async context => {
      const bench = await start(context);
      await bench.take({ version: 9, content: ABC });
      // What the orchestrator commits it does not commit for an attempt that is not the newest any more.
      const late = await bench.run({ version: 8, content: 'a,b\n1,old\n', fileRows: 3 });
      if (kind.traits.commit === 'etl') assert.deepEqual([late.code, late.superseded], [75, 9]);
      assert.deepEqual(await bench.rows(), { KEY: ROWS });
    });

    it('a row that is rejected is told with its line, text and reason; the others are loaded, and what stood in its place is gone', async context => {
      const bench = await start(context);
      await bench.take({ version: 5, content: ABC });
      const ran = await bench.take({ version: 6, content: 'a,b\n1,x\n2,y,too,long\n3,z\n', fileRows: 3 });
      assert.deepEqual([ran?.result?.rows_loaded, ran?.result?.rows_rejected], [2, 1]);
      const [reject] = ran?.rejects ?? [];
      assert.deepEqual({ ...reject, reason: '' }, { row: 2, line: 3, reason: '', raw: '2,y,too,long' });
      assert.notEqual(reject?.reason, '');
      assert.deepEqual(await bench.rows(), { KEY: [ROWS[0], ROWS[2]] });
    });

    it('a file with too many rejects is taken back: none of its rows stay', async context => {
      const bench = await start(context);
      const ran = await bench.run({ version: 5, content: 'a,b\n1,x\n2,y,z\n', options: { max_rejects: 0 } });
      assert.equal(ran.code, 65);
      assert.deepEqual(await bench.rows(), {});
    });

    it('where no row can be loaded, the former version stays', async context => {
      const bench = await start(context);
      await bench.take({ version: 5, content: ABC });
      const transform = ['minimal', { types: { columns: { A: 'integer' } } }];
      const ran = await bench.run({ version: 6, content: 'a,b\nno,x\n', fileRows: 3, transform });
      assert.deepEqual([ran.code, ran.rejects.length], [65, 1]);
      assert.deepEqual(await bench.rows(), { KEY: ROWS });
    });

    it('a file that is deleted takes its rows with it, and no others', async context => {
      const bench = await start(context);
      await bench.take({ version: 5, content: ABC });
      await bench.take({ version: 6, key: 'OTHER', content: ABC });
      await bench.take({ version: 7, action: 'delete', fileRows: 3 });
      assert.deepEqual(await bench.rows(), { OTHER: ROWS });
    });

    it('rows under a key that is replaced go once the new ones are there', async context => {
      const bench = await start(context);
      await bench.take({ version: 5, key: 'OLD', content: ABC });
      await bench.take({ version: 6, content: 'a,b\n1,x\n', replaces: ['OLD'] });
      assert.deepEqual(await bench.rows(), { KEY: [ROWS[0]] });
    });
  });
}

/** One place, and the files that go there. */
class Bench {
  private readonly place: Place;
  private readonly targets: Targets;
  private readonly folder: string;

  constructor(place: Place, targets: Targets, folder: string) {
    this.place = place;
    this.targets = targets;
    this.folder = folder;
  }

  rows(): Promise<Record<string, Row[]>> {
    return this.place.rows();
  }

  /** Loads or deletes a file, and commits what is to be committed. */
  async take(step: Step): Promise<Ran | undefined> {
    const { commit } = this.place;
    const ran = commit && step.action === 'delete' ? undefined : await this.run(step);
    if (ran) assert.equal(ran.code, 0, ran.error);
    await commit?.({ ran, key: step.key ?? 'KEY', replaces: step.replaces ?? [] });
    return ran;
  }

  /** As an attempt that ends before anything is committed. */
  run({
    version,
    content,
    key = 'KEY',
    action = 'add',
    fileRows = 0,
    replaces = [],
    options,
    transform = ['minimal'],
  }: Step): Promise<Ran> {
    const [[target, kind]] = Object.entries(this.targets) as [[string, TargetKind]];
    const LOAD = { ...this.place.load, ...options, target };
    const index = kind.traits.destination(LOAD, DATASET, 0);
    const env = {
      ...this.place.environment,
      DATASET,
      VERSION: String(version),
      FILE_KEY: key,
      FILE_ROWS: String(fileRows),
      ACTION: action,
      LOAD: JSON.stringify(LOAD),
      TRANSFORM: JSON.stringify(transform),
      REPLACES: JSON.stringify(replaces.map(FILE_KEY => ({ index, FILE_KEY, FILE_ROWS: 3 }))),
    };
    const { folder, targets } = this;
    return load({ folder, targets, env, ...(content === undefined ? {} : { content }) });
  }
}
