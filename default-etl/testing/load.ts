import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseMessage, type Reject, type SupersededMessage } from '../contract/protocol.ts';
import { EtlFailure, Superseded } from '../contract/failure.ts';
import { createReporter } from '../contract/report.ts';
import type { Targets } from '../load/registry.ts';
import { type Result, runFile } from '../run/run-file.ts';
import { type Environment, readJob } from '../contract/settings.ts';

/** A folder for one test, removed after it. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'default-etl-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What became of one run. */
export interface Ran {
  code: number;
  result: Result | undefined;
  error: string;
  superseded: SupersededMessage['version'] | undefined;
  rejects: Reject[];
  workDir: string;
}

export interface RunOptions {
  /** Where the file is written, and what the run leaves. */
  folder: string;
  name?: string;
  content?: string | Buffer;
  env?: Environment;
  /** Where LOAD.target is looked up; the registry's unless given. */
  targets?: Targets;
  signal?: AbortSignal;
  /** Hears each line that the run says. */
  said?: (line: string) => void;
}

let runs = 0;

/** Writes the file and loads it, with this environment and no other. */
export async function load({
  folder,
  name = 'in.csv',
  content,
  env = {},
  targets,
  signal,
  said,
}: RunOptions): Promise<Ran> {
  const file = join(folder, name);
  if (content !== undefined) writeFileSync(file, content);
  const workDir = join(folder, `work-${++runs}`);
  const reporter = createReporter(line => {
    parseMessage(line);
    said?.(line);
  });
  const ended = { superseded: undefined, workDir };
  try {
    const job = readJob({ DATASET: 'test', WORK_DIR: workDir, ...env }, file, Date.now(), targets);
    const result = await runFile(job, reporter, signal ?? new AbortController().signal);
    return { ...ended, code: 0, result, error: '', rejects: readRejects(workDir) };
  } catch (error) {
    if (!(error instanceof EtlFailure)) throw error;
    const superseded = error instanceof Superseded ? error.version : undefined;
    return {
      ...ended,
      code: error.exitCode,
      result: undefined,
      error: error.message,
      superseded,
      rejects: readRejects(workDir),
    };
  }
}

function readRejects(workDir: string): Reject[] {
  try {
    const lines = readFileSync(join(workDir, 'rejects.ndjson'), 'utf8').trim().split('\n');
    return lines.map(line => JSON.parse(line) as Reject);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** An index of one test on the real Elasticsearch that ELASTICSEARCH_NODE, given as `node`, names. Without one the test fails. */
export class TestIndex {
  readonly name: string;
  readonly node: string;

  constructor(context: TestContext, node: string | undefined) {
    if (!node) throw new Error('ELASTICSEARCH_NODE is not set: npm test starts an Elasticsearch and sets it');
    this.node = node;
    this.name = `default-etl-test-${process.pid}-${++runs}`;
    context.after(async () => await this.remove());
  }

  /** Environment of a run into this index. */
  env(version: number, more: Environment = {}, options: Record<string, unknown> = {}): Environment {
    return {
      ELASTICSEARCH_NODE: this.node,
      VERSION: String(version),
      FILE_KEY: 'KEY',
      LOAD: JSON.stringify({ index: this.name, ...options }),
      ...more,
    };
  }

  /** Documents by id. */
  async documents(): Promise<Record<string, Record<string, unknown>>> {
    const found = await this.call('GET', `/${this.name}/_search?size=10000&ignore_unavailable=true`);
    const { hits } = found as { hits: { hits: Array<{ _id: string; _source: Record<string, unknown> }> } };
    const byId = hits.hits.toSorted((a, b) => (a._id < b._id ? -1 : 1));
    return Object.fromEntries(byId.map(hit => [hit._id, hit._source]));
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.node + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return await response.json();
  }

  private async remove(): Promise<void> {
    const indices = (await this.call('GET', `/${this.name}*?expand_wildcards=all`)) as object;
    for (const index of Object.keys(indices)) await this.call('DELETE', `/${encodeURIComponent(index)}`);
    await this.call('DELETE', `/_index_template/orchestrator-${this.name}*`);
  }
}
